// The markers beside a new password follow the typing. The rules are the server's: each line of the list carries its
// pattern, and the server checks the same patterns again. Without this file the page works, the markers just stand still.
"use strict";

const PAUSE_BEFORE_SPEAKING = 900; // milliseconds without a key; announcing every letter would drown the typing
const WORDS = { open: "", met: ": followed", broken: ": not followed" };

function readRule(line) {
  return {
    line,
    label: line.querySelector("[data-rule-label]").textContent,
    column: line.closest("ul").parentElement.querySelector("[data-column]").textContent,
    pattern: new RegExp(line.dataset.pattern, line.dataset.flags),
    wanted: line.dataset.wanted === "found",
  };
}

function mark(rule, password) {
  const state = password === "" ? "open" : rule.pattern.test(password) === rule.wanted ? "met" : "broken";
  rule.line.dataset.state = state;
  rule.line.querySelector("[data-rule-state]").textContent = WORDS[state];
  return state;
}

/** What a screen reader says in a pause: how far it is, and what is still wrong, column by column. */
function summary(rules) {
  const broken = rules.filter((rule) => rule.line.dataset.state === "broken");
  if (broken.length === 0) {
    return "The password follows all rules of the list.";
  }
  const parts = [...new Set(broken.map((rule) => rule.column))].map((column) => {
    const labels = broken.filter((rule) => rule.column === column).map((rule) => rule.label);
    return `${column}: ${labels.join(", ")}.`;
  });
  return `${rules.length - broken.length} of ${rules.length} rules followed. Still wrong. ${parts.join(" ")}`;
}

function follow(box) {
  const field = document.getElementById(box.dataset.passwordRules);
  if (!(field instanceof HTMLInputElement)) {
    return;
  }
  const rules = [...box.querySelectorAll("[data-rule]")].map(readRule);
  const status = box.querySelector("[data-rules-status]");
  let pause;
  const check = () => {
    clearTimeout(pause);
    rules.forEach((rule) => mark(rule, field.value));
    pause = setTimeout(() => {
      status.textContent = field.value === "" ? "" : summary(rules);
    }, PAUSE_BEFORE_SPEAKING);
  };
  field.addEventListener("input", check);
  if (field.value !== "") {
    check(); // the browser filled the field in
  }
}

function offerToShow(box) {
  const form = box.closest("form");
  const choice = box.querySelector("[data-show-password]");
  if (!form || !choice) {
    return;
  }
  const fields = [...form.querySelectorAll("input[type=password]")];
  const show = (visible) => fields.forEach((field) => (field.type = visible ? "text" : "password"));
  choice.checked = false;
  choice.addEventListener("change", () => show(choice.checked));
  // Sent as a password, so that the browser offers to keep it as one and in no other way.
  form.addEventListener("submit", () => show(false));
}

for (const box of document.querySelectorAll("[data-password-rules]")) {
  follow(box);
  offerToShow(box);
}
