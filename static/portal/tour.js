// The guided tour on Home: one step at a time, with a ring around the place it speaks of. It covers nothing, takes the
// focus only when asked for, and ends with Escape. Without this file its page shows the same steps.
"use strict";

const RING = "tour-here";
const card = document.querySelector("[data-tour]");

if (card) {
  const form = card.querySelector("[data-tour-end]");
  const offer = card.querySelector("[data-tour-offer]");
  const start = card.querySelector("[data-tour-start]");
  const end = form.querySelector("[name=outcome]");
  const walk = card.querySelector("[data-tour-walk]");
  const count = card.querySelector("[data-tour-count]");
  const back = card.querySelector("[data-tour-back]");
  const next = card.querySelector("[data-tour-next]");
  const steps = [...card.querySelectorAll("[data-tour-place]")];
  let at = 0;

  const isSeen = (element) => element.getClientRects().length > 0;

  /** The place of a step that can be seen; on a phone the bar is behind the button Menu. */
  function placeOf(step) {
    const found = [...document.querySelectorAll(step.dataset.tourPlace)].find(isSeen);
    return found || document.querySelector(".nav-open");
  }

  function ring(place) {
    document.querySelectorAll(`.${RING}`).forEach((one) => one.classList.remove(RING));
    place?.classList.add(RING);
  }

  function show(index) {
    at = index;
    steps.forEach((step, each) => {
      step.hidden = each !== index;
    });
    count.textContent = `Step ${index + 1} of ${steps.length}`;
    back.disabled = index === 0;
    next.textContent = index === steps.length - 1 ? "Finish" : "Next";
    ring(placeOf(steps[index]));
    steps[index].querySelector("h3").focus({ preventScroll: true });
  }

  function begin() {
    offer.hidden = start.hidden = true;
    count.hidden = walk.hidden = false;
    end.textContent = "Close the tour";
    show(0);
  }

  /** Told to the server in the background: whoever is typing a search is not disturbed. */
  async function finish(outcome) {
    const told = new FormData(form);
    told.set("outcome", outcome);
    const hadFocus = card.contains(document.activeElement);
    ring(null);
    card.remove();
    if (hadFocus) {
      document.getElementById("main").focus({ preventScroll: true });
    }
    document.getElementById("live-region").textContent =
      "The tour is closed. You find it again under your name: Guided Tour.";
    try {
      await fetch(form.action, { method: "POST", body: told, headers: { Accept: "application/json" }, keepalive: true });
    } catch {
      // Not told: it is offered once more at the next visit.
    }
  }

  start.addEventListener("click", (event) => {
    event.preventDefault();
    begin();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish("skipped");
  });
  back.addEventListener("click", () => show(at - 1));
  next.addEventListener("click", () => {
    if (at === steps.length - 1) {
      finish("finished");
    } else {
      show(at + 1);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !card.isConnected) {
      return;
    }
    // Escape belongs first to what is open, and to the field in which somebody is typing.
    const taken = document.querySelector("dialog[open], details.menu[open], :popover-open");
    const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (!taken && !typing && (!walk.hidden || card.contains(document.activeElement))) {
      finish("skipped");
    }
  }, { capture: true });

  if (!walk.hidden) {
    begin();
  }
}
