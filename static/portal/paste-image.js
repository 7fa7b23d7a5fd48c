// Report an Issue: a screenshot in the clipboard is pasted into the form's file field. Without scripts it is chosen as a file.
"use strict";

const form = document.querySelector("[data-paste-image]");
const field = form && form.elements[form.dataset.pasteImage];
const said = document.getElementById("live-region");
const hint = document.querySelector("[data-paste-hint]");
const ENDINGS = { "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/bmp": "bmp", "image/tiff": "tif" };

/** Name and size of the chosen image beside the field: a file field says little, and nothing when something was pasted. */
function tell(text) {
  hint.textContent = text;
  said.textContent = text;
}

document.addEventListener("paste", (event) => {
  const clipboard = event.clipboardData;
  const image = clipboard && [...clipboard.files].find((file) => file.type in ENDINGS);
  // Text that also has a picture of itself (from a spreadsheet, say) is meant as text where one is typing.
  if (!field || !image || (clipboard.types.includes("text/plain") && event.target.matches("input, textarea"))) {
    return;
  }
  event.preventDefault();
  const chosen = new DataTransfer();
  const name = `screenshot.${ENDINGS[image.type]}`;
  chosen.items.add(new File([image], name, { type: image.type }));
  field.files = chosen.files;
  tell(`Pasted: ${name}, ${Math.max(1, Math.round(image.size / 1024)).toLocaleString("en-US")} KB. It is sent with the report.`);
});
