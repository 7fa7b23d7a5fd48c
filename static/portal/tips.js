// Escape hides an explanation that shows on hover or focus, until pointer and focus have left it (WCAG 1.4.13).
"use strict";

const DISMISSED = "tip-dismissed";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") {
    return;
  }
  for (const host of document.querySelectorAll(".tip-host:hover, .tip-host:focus-within")) {
    host.classList.add(DISMISSED);
  }
});

for (const host of document.querySelectorAll(".tip-host")) {
  const forget = () => {
    if (!host.matches(":hover") && !host.matches(":focus-within")) {
      host.classList.remove(DISMISSED);
    }
  };
  host.addEventListener("pointerleave", forget);
  host.addEventListener("focusout", () => setTimeout(forget));
}
