// The application's steps: puts what autosave had to say beside its fields. Everything works without it.
"use strict";

const MARK = "autosave-said";

function wrapperOf(field) {
  const group = field.closest("[role=radiogroup], fieldset, .mb-3");
  return group || field.parentElement;
}

function clear() {
  for (const old of document.querySelectorAll(`.${MARK}`)) {
    const field = document.getElementById(old.dataset.field);
    if (field) {
      field.classList.remove("is-invalid");
      field.removeAttribute("aria-invalid");
      const ids = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== old.id);
      if (ids.length) {
        field.setAttribute("aria-describedby", ids.join(" "));
      } else {
        field.removeAttribute("aria-describedby");
      }
    }
    old.remove();
  }
}

function say(id, text) {
  const field = document.getElementById(id);
  // A page that was drawn with the message says it already.
  if (!field || wrapperOf(field).querySelector(".invalid-feedback")) {
    return;
  }
  const said = document.createElement("p");
  said.className = `invalid-feedback d-block ${MARK}`;
  said.id = `${id}-said`;
  said.dataset.field = id;
  said.textContent = text;
  wrapperOf(field).append(said);
  field.classList.add("is-invalid");
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${said.id}`.trim());
}

document.addEventListener("htmx:afterSettle", () => {
  const list = document.getElementById("wizard-said");
  if (!list) {
    return;
  }
  clear();
  for (const one of list.children) {
    say(one.dataset.field.slice(1), one.textContent);
  }
  list.remove();
});

// What is typed or ticked while a section is being saved stays when the section is drawn anew.
let sentState = new Map();

function controls(root) {
  return root.querySelectorAll("input[id], select[id], textarea[id]");
}

function stateOf(control) {
  return control.type === "checkbox" || control.type === "radio" ? control.checked : control.value;
}

document.addEventListener("htmx:beforeRequest", () => {
  sentState = new Map([...controls(document)].map((control) => [control.id, stateOf(control)]));
});

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  for (const fresh of controls(event.detail.fragment)) {
    const shown = document.getElementById(fresh.id);
    if (!shown || !sentState.has(fresh.id) || stateOf(shown) === sentState.get(fresh.id)) {
      continue;
    }
    if (fresh.type === "checkbox" || fresh.type === "radio") {
      fresh.checked = shown.checked;
    } else {
      fresh.value = shown.value;
    }
  }
});

// Saving by itself must not fail unseen: signed out meanwhile, or no connection.
document.addEventListener("htmx:afterRequest", (event) => {
  const answer = event.detail.xhr;
  const fine = answer && (answer.status === 204 || answer.status === 200);
  const signedOut = answer && answer.responseURL && !answer.responseURL.includes("/enroll/applications/");
  const said = document.getElementById("wizard-saved");
  if (said && (!fine || signedOut)) {
    said.textContent = "Not saved yet. Check the connection, or sign in again in another tab, then go on here.";
  }
});

// Terms and Agreements: the window opens with the answer that needs it; Continue waits for the tick.
document.addEventListener("change", (event) => {
  const field = event.target;
  const dialog = document.querySelector("dialog[data-opened-by]");
  if (dialog && field.id === dialog.dataset.openedBy && field.checked) {
    dialog.showModal();
  }
  if (field.dataset && field.dataset.enables) {
    document.getElementById(field.dataset.enables).disabled = !field.checked;
  }
});

for (const box of document.querySelectorAll("[data-enables]")) {
  document.getElementById(box.dataset.enables).disabled = !box.checked;
}
