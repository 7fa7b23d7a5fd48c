// A message closed with OK: the page shows it open; with scripts it also takes the focus and Escape closes it.
"use strict";

const said = document.querySelector("dialog[data-said][open]");

if (said instanceof HTMLDialogElement) {
  said.close();
  said.showModal();
}
