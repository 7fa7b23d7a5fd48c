// The application's questions about people: fields that belong to an answer, searches while typing, the city of a ZIP code.
// Without this file every field is there, and a button searches.
"use strict";

function answerOf(form, name) {
  const control = form.elements.namedItem(name);
  if (control instanceof HTMLInputElement && control.type === "checkbox") {
    return control.checked ? "on" : "";
  }
  return control ? control.value : "";
}

function textsIn(block) {
  return block.querySelectorAll("input:not([type=hidden]):not([type=checkbox]):not([type=radio])");
}

// A block shows itself for one answer; "filled" ones also when there is something in them to be seen.
function show(root) {
  for (const block of root.querySelectorAll("[data-shown-with]")) {
    const form = block.closest("form");
    const answer = form ? answerOf(form, block.dataset.shownWith) : "";
    const filled =
      block.hasAttribute("data-shown-filled") &&
      ([...textsIn(block)].some((field) => field.value) || block.querySelector(".is-invalid") !== null);
    block.hidden = answer !== block.dataset.shownValue && !filled;
  }
}

function fillIn(root) {
  for (const mark of root.querySelectorAll("[data-fill]")) {
    const field = document.getElementById(mark.dataset.fill);
    if (field && !field.value) {
      field.value = mark.dataset.fillWith;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    mark.remove();
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (form) {
    show(form);
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  show(document);
  if (event.target.id === "home-county") {
    fillIn(event.target);
  }
});

// Here a search box presses its own button: Enter in any other field goes on.
for (const button of document.querySelectorAll("[data-enter]")) {
  button.value = button.dataset.enter;
}

// Enter in a search box searches; an arrow goes to what was found.
document.addEventListener("keydown", (event) => {
  const field = event.target;
  const box = field instanceof HTMLInputElement && field.closest("[data-search]");
  if (box && event.key === "Enter") {
    event.preventDefault();
    box.querySelector("button[type=submit]").click();
  } else if (box && event.key === "ArrowDown") {
    const first = box.nextElementSibling.querySelector(".found-line");
    if (first) {
      event.preventDefault();
      first.focus();
    }
  } else if (field.matches?.(".found-line") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const lines = [...field.closest(".found-list").querySelectorAll(".found-line")];
    const next = lines[lines.indexOf(field) + (event.key === "ArrowDown" ? 1 : -1)];
    event.preventDefault();
    (next || field).focus();
  }
});

show(document);
