// Runs before the first paint: says that scripts work and settles the colour theme ("auto" follows the system).
// The server already wrote the remembered choice into <html>; the copy in localStorage outlives a lost cookie.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  let choice = root.dataset.themeChoice || "auto";
  if (choice === "auto") {
    try {
      choice = localStorage.getItem("portal-theme") || "auto";
    } catch {
      choice = "auto";
    }
  }
  const dark = choice === "dark" || (choice === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.themeChoice = choice;
  root.dataset.bsTheme = dark ? "dark" : "light";
})();
