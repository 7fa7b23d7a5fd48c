// Ticked rows of a list: tick all, say how many, and ask before something happens to them.
// Without this file the boxes work all the same and the question is asked on a page of its own.
"use strict";

const boxesOf = (id) => [...document.querySelectorAll(`input[type="checkbox"][name="row"][form="${CSS.escape(id)}"]`)];

function show(id) {
  const boxes = boxesOf(id);
  const ticked = boxes.filter((box) => box.checked).length;
  const all = document.querySelector(`[data-tick-all="${CSS.escape(id)}"]`);
  if (all) {
    all.checked = boxes.length > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const count = document.querySelector(`form[id="${CSS.escape(id)}"] [data-ticked-count]`);
  if (count) {
    count.textContent = ticked ? `${ticked} selected` : "";
  }
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement)) {
    return;
  }
  if (box.dataset.tickAll) {
    for (const other of boxesOf(box.dataset.tickAll)) {
      other.checked = box.checked;
    }
    show(box.dataset.tickAll);
  } else if (box.name === "row" && box.form) {
    show(box.form.id);
  }
});

// The list was refreshed: its boxes are new and none is ticked.
document.addEventListener("htmx:afterSwap", () => {
  for (const form of document.querySelectorAll("form[data-ask]")) {
    show(form.id);
  }
});

// Caught on its way down, before the form counts as sent; lists and their forms may be replaced at any time.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const dialog = document.getElementById(form.dataset.ask);
    // A button that leads elsewhere (print, export) is not the one that asks; neither is the answer.
    const asks = event.submitter?.name !== "confirmed" && !event.submitter?.hasAttribute("formaction");
    // Nothing ticked: the server says what to do.
    if (asks && dialog instanceof HTMLDialogElement && boxesOf(form.id).some((box) => box.checked)) {
      event.preventDefault();
      dialog.showModal();
    }
  },
  { capture: true },
);

for (const form of document.querySelectorAll("form[data-ask]")) {
  show(form.id);
}
