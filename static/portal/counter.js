// Counts the characters of every text field with data-counted="N" while it is typed: beside the field for the eye, and
// for the ear only when a threshold is passed. It counts as the server does: a line break is one, an emoji too.
"use strict";

const THRESHOLDS = [100, 50, 20, 10, 0];
const numbers = new Intl.NumberFormat("en-US");

function words(left, limit, typed) {
  if (left < 0) {
    return left === -1 ? "1 character too many" : `${numbers.format(-left)} characters too many`;
  }
  return `${numbers.format(typed)} of ${numbers.format(limit)} characters`;
}

function spoken(left) {
  if (left < 0) {
    return left === -1 ? "1 character too many" : `${numbers.format(-left)} characters too many`;
  }
  return left === 1 ? "1 character left" : `${numbers.format(left)} characters left`;
}

/** The threshold at or under which so many characters are left: null while there is plenty, -1 when there are too many. */
function stage(left) {
  if (left < 0) {
    return -1;
  }
  const passed = THRESHOLDS.filter((threshold) => left <= threshold);
  return passed.length ? Math.min(...passed) : null;
}

for (const field of document.querySelectorAll("textarea[data-counted]")) {
  const limit = Number(field.dataset.counted);
  const shown = document.createElement("p");
  shown.className = "counter";
  shown.setAttribute("aria-hidden", "true");
  const live = document.createElement("p");
  live.className = "visually-hidden";
  live.setAttribute("aria-live", "polite");
  field.after(shown, live);

  const count = () => {
    const typed = [...field.value.replaceAll("\r\n", "\n")].length;
    const left = limit - typed;
    shown.textContent = words(left, limit, typed);
    shown.classList.toggle("counter-over", left < 0);
    return left;
  };

  let told = stage(count());
  field.addEventListener("input", () => {
    const left = count();
    const now = stage(left);
    if (now !== told) {
      // Back to plenty is said too, once, after it was too much.
      live.textContent = now === null && told !== -1 ? "" : spoken(left);
      told = now;
    }
  });
}
