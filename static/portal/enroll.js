// Enroll in Selected Plans for an on-exchange plan: the form opens a tab of its own, and this one goes to the list of quotes.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.newTab || form.target) {
    return;
  }
  form.target = "_blank";
  // Not "noreferrer": this request stays with the portal, which wants to know where it comes from. The way on tells nobody.
  form.setAttribute("rel", "noopener");
  const tab = document.createElement("input");
  tab.type = "hidden";
  tab.name = "tab";
  tab.value = "new";
  form.append(tab);
  // After the browser has taken the form: leaving the page at once would take it back.
  window.setTimeout(() => window.location.assign(form.dataset.newTab), 150);
});
