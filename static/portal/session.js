// Warns before the session ends and extends it on request. The server ends it in any case (accounts/session_limits.py).
"use strict";

const dialog = document.getElementById("session-warning");

if (dialog) {
  const warnAt = Number(dialog.dataset.warnSeconds);
  const timeLeft = dialog.querySelector("[data-time-left]");
  const stay = dialog.querySelector("[data-stay]");
  let endsAt = Date.now() + Number(dialog.dataset.secondsLeft) * 1000;
  let extendable = dialog.dataset.canBeExtended === "yes";
  let asking = false;
  let accepted = false; // the last end was seen and can not be moved

  const secondsLeft = () => Math.max(0, Math.round((endsAt - Date.now()) / 1000));

  function leave() {
    const here = location.pathname + location.search;
    location.assign(`${dialog.dataset.loginUrl}?${new URLSearchParams({ next: here })}`);
  }

  /** What the server says; null when nobody is signed in any more, undefined when it cannot be reached. */
  async function ask(url, method) {
    try {
      const response = await fetch(url, {
        method,
        redirect: "manual",
        headers: { Accept: "application/json", ...(method === "POST" ? { "X-CSRFToken": dialog.dataset.csrf } : {}) },
      });
      return response.ok ? await response.json() : null;
    } catch {
      return undefined;
    }
  }

  function take(answer) {
    if (answer) {
      endsAt = Date.now() + answer.seconds_left * 1000;
      extendable = answer.can_be_extended;
    }
  }

  function show() {
    dialog.querySelector("[data-idle-text]").hidden = !extendable;
    dialog.querySelector("[data-whole-text]").hidden = extendable;
    stay.textContent = extendable ? "Stay Logged In" : "OK";
    if (!dialog.open) {
      for (const other of document.querySelectorAll("dialog[open]")) {
        other.close();
      }
      dialog.showModal();
      stay.focus();
      // A page with work in progress may save it now.
      document.dispatchEvent(new CustomEvent("portal:session-ending"));
    }
  }

  async function tick() {
    const left = secondsLeft();
    timeLeft.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (asking || left > warnAt || (dialog.open && left > 0) || (accepted && left > 0)) {
      return;
    }
    // Another window may have been used meanwhile, so the server is asked before anything is said.
    asking = true;
    const answer = await ask(dialog.dataset.stateUrl, "GET");
    asking = false;
    take(answer);
    if (answer === null || (left === 0 && secondsLeft() === 0)) {
      leave();
    } else if (secondsLeft() > warnAt) {
      accepted = false;
      dialog.close();
    } else {
      show();
    }
  }

  async function extend() {
    if (!extendable) {
      accepted = true;
      dialog.close();
      return;
    }
    const answer = await ask(dialog.dataset.keepAliveUrl, "POST");
    if (answer === null) {
      leave();
      return;
    }
    take(answer);
    if (answer && (secondsLeft() > warnAt || !extendable)) {
      accepted = !extendable;
      dialog.close();
    }
  }

  stay.addEventListener("click", extend);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // Escape is a key pressed by somebody who is there
    extend();
  });
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
}
