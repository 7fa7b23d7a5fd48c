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

// The page counts what it sends: of two saves that overtake each other on the way, the one sent last is kept.
const turnField = () => document.querySelector("#wizard-form [name=turn]");
let turn = Number(turnField()?.value) || 0;

document.addEventListener("htmx:configRequest", (event) => {
  if (turnField()) {
    turn += 1;
    event.detail.parameters.set("turn", turn);
  }
});

document.addEventListener(
  "submit",
  (event) => {
    if (event.target.id === "wizard-form" && turnField()) {
      turn += 1;
      turnField().value = turn;
    }
  },
  { capture: true },
);

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

// Saving by itself must not fail unseen: signed out meanwhile, or no connection. The page stays, with what was typed; it is
// sent again once somebody has signed in in another tab, whose session has a token of its own.
const NOT_SAVED = "Not saved yet. Check the connection, or sign in again in another tab, then go on here.";
let cutOff = false;

function isOurs(address) {
  return new URL(address, location.href).pathname.startsWith("/enroll/applications/");
}

function tell(text) {
  const said = document.getElementById("wizard-saved");
  if (said) {
    said.textContent = text;
  }
}

function leadsAway(answer) {
  const addresses = [answer.responseURL, answer.getResponseHeader("HX-Redirect")];
  return addresses.some((address) => address && !isOurs(address));
}

document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (leadsAway(event.detail.xhr)) {
    event.preventDefault();
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  const answer = event.detail.xhr;
  const fine = answer && (answer.status === 204 || answer.status === 200);
  if (!fine || leadsAway(answer)) {
    cutOff = true;
    tell(NOT_SAVED);
  } else if (cutOff || answer.status === 204) {
    cutOff = false;
    tell("Saved");
  }
});

/** Takes the token of the session there is now; false while nobody is signed in or nothing can be reached. */
async function takeToken(form) {
  try {
    const answer = await fetch(location.pathname);
    if (!answer.ok || !isOurs(answer.url)) {
      return false;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[name=csrfmiddlewaretoken]");
    if (fresh) {
      form.querySelector("[name=csrfmiddlewaretoken]").value = fresh.value;
      document.body.setAttribute("data-hx-headers", JSON.stringify({ "X-CSRFToken": fresh.value }));
    }
    return true;
  } catch {
    return false;
  }
}

document.addEventListener(
  "submit",
  async (event) => {
    if (!cutOff || event.target.id !== "wizard-form") {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const { target: form, submitter } = event;
    if (await takeToken(form)) {
      cutOff = false;
      form.requestSubmit(submitter);
    } else {
      tell(NOT_SAVED);
    }
  },
  { capture: true },
);

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
