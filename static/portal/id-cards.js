// ID cards: Select All ticks the members of its policy, and ticking a member chooses the policy. Without this file the
// server reads Select All, and the policy is chosen by hand.
"use strict";

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") {
    return;
  }
  const members = box.closest("[data-members]");
  if (!members) {
    return;
  }
  const boxes = [...members.querySelectorAll('input[name="member"]')];
  const all = members.querySelector("[data-select-all]");
  if (box === all) {
    for (const one of boxes) {
      one.checked = all.checked;
    }
  } else if (all) {
    all.checked = boxes.every((one) => one.checked);
  }
  const policy = document.getElementById(members.dataset.members);
  if (policy && boxes.some((one) => one.checked)) {
    policy.checked = true;
  }
});
