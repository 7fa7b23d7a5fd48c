// Records how a sentence is typed: press and release of each key by the event's own clock. The server reads and judges what
// is sent (accounts/typing_pattern/samples.py); here a person only learns at once what cannot count, and why.
"use strict";

const PAUSE_BEFORE_SPEAKING = 900; // milliseconds without a key; announcing every letter would drown the typing
const LONGEST_PAUSE = 10_000; // as on the server
const MOST_CORRECTIONS = 4;
const NOT_A_KEY = new Set(["Unidentified", "Process", "Dead", ""]);
const SHIFTS = new Set(["Shift", "CapsLock", "AltGraph"]);
const FLAGS = { untrusted: 1, repeated: 2, composing: 4 };
const WORDS = {
  paste: "Pasting does not count. Type the line yourself.",
  held: "A key was held down until it repeated. Type the line again.",
  changed: "The line was changed otherwise than by typing. Type it again.",
  paused: "There was a long pause in this line. Type it again in one go.",
  left: "The window was left while a key was down. Type the line again.",
  corrections: "Too much of this line was corrected. Type it again.",
};
const NO_KEYS = "This keyboard does not tell single keys, as is usual on phones and with input methods.";

const form = document.querySelector("form[data-typing]");

if (form) {
  const sentence = form.dataset.sentence;
  const enrolling = form.dataset.typing === "enrol";
  const problem = form.querySelector("[data-typing-problem]");
  const live = form.querySelector("[data-typing-live]");
  const pressed = new Map(); // which line a key that is down belongs to, by its code
  let speaking;
  let sendWhenReleased = false;
  let sending = false;

  const lines = [...form.querySelectorAll("[data-typing-line]")].map((box) => ({
    box,
    field: box.querySelector("input"),
    state: box.querySelector("[data-typing-state]"),
    practice: "practice" in box.dataset,
    events: [],
    written: "",
    corrections: 0,
    lastPress: null,
  }));
  const counted = lines.filter((line) => !line.practice);
  const nameOf = (line) => (line.practice ? "The practice line" : `Line ${counted.indexOf(line) + 1}`);

  function say(text, { soon = false } = {}) {
    clearTimeout(speaking);
    speaking = setTimeout(() => (live.textContent = text), soon ? 50 : PAUSE_BEFORE_SPEAKING);
  }

  function firstMistake(text) {
    for (let place = 0; place < text.length; place += 1) {
      if (text[place] !== sentence[place]) {
        return place;
      }
    }
    return -1;
  }

  const isDown = (line) => [...pressed.values()].includes(line);
  const isDone = (line) => line.field.value === sentence && line.written === sentence && !isDown(line);

  /** Says in words what key is expected, so that a mistake is found without eyes or colours. */
  function mistakeIn(text) {
    const place = firstMistake(text);
    if (place === -1) {
      return "";
    }
    const wanted = sentence[place];
    const key = wanted === undefined ? "the end of the sentence" : wanted === " " ? "a space" : `“${wanted}”`;
    return `Mistake at character ${place + 1}: ${key} is expected. Go back to it with Backspace.`;
  }

  function show(line, state, text) {
    line.box.dataset.state = state;
    line.state.textContent = text;
    line.field.setAttribute("aria-invalid", String(state === "mistake"));
  }

  function look(line) {
    const mistake = mistakeIn(line.field.value);
    if (mistake) {
      show(line, "mistake", mistake);
      say(`${nameOf(line)}: ${mistake}`);
    } else if (isDone(line)) {
      if (line.box.dataset.state !== "done") {
        const open = counted.filter((other) => !isDone(other)).length;
        const left = open === 0 ? "All lines are typed." : `${open} ${open === 1 ? "line" : "lines"} to go.`;
        show(line, "done", line.practice ? "Typed. Go on with line 1." : "Typed.");
        say(`${nameOf(line)} is typed. ${line.practice ? "It was not recorded. Go on with line 1." : left}`, { soon: true });
      }
    } else {
      show(line, "open", "");
    }
  }

  function forget(line) {
    line.events = [];
    line.written = "";
    line.corrections = 0;
    line.lastPress = null;
    for (const [code, owner] of [...pressed]) {
      if (owner === line) {
        pressed.delete(code);
      }
    }
  }

  function startAgain(line, why) {
    forget(line);
    line.field.value = "";
    show(line, why ? "mistake" : "open", why);
    if (why) {
      say(`${nameOf(line)}: ${why}`, { soon: true });
    }
  }

  function complain(text, goTo) {
    problem.textContent = text;
    problem.hidden = false;
    (goTo ?? problem).focus();
  }

  function noKeys(line) {
    startAgain(line, NO_KEYS);
    complain(`${NO_KEYS} ${enrolling ? "Choose Skip for now." : "Use another way."}`, line.field);
  }

  function flagsOf(event) {
    return (
      (event.isTrusted ? 0 : FLAGS.untrusted) |
      (event.repeat ? FLAGS.repeated : 0) |
      (event.isComposing ? FLAGS.composing : 0)
    );
  }

  const rowOf = (kind, event) => [
    kind,
    event.code,
    event.key,
    Math.round(event.timeStamp * 1000) / 1000,
    flagsOf(event),
  ];

  function onKeyDown(line, event) {
    if (event.isComposing || event.keyCode === 229 || NOT_A_KEY.has(event.key)) {
      noKeys(line);
      return;
    }
    if (event.key === "Enter") {
      const next = lines[lines.indexOf(line) + 1];
      if (next) {
        event.preventDefault();
        next.field.focus();
      }
      return;
    }
    const writes = event.key.length === 1;
    if (!(writes || event.key === "Backspace" || SHIFTS.has(event.key))) {
      return;
    }
    if (writes && (event.ctrlKey || event.metaKey)) {
      return; // a shortcut; what it does to the line is seen when it has done it
    }
    if (event.repeat && writes) {
      event.preventDefault();
      startAgain(line, WORDS.held);
      return;
    }
    if (event.repeat && SHIFTS.has(event.key)) {
      return;
    }
    const { selectionStart, selectionEnd, value } = line.field;
    const wholeLine = value !== "" && selectionStart === 0 && selectionEnd === value.length;
    if (event.key === "Backspace" && (event.repeat || wholeLine)) {
      event.preventDefault(); // held down, or the whole line is selected: it is cleared
      startAgain(line, "");
      return;
    }
    if (writes && line.lastPress !== null && event.timeStamp - line.lastPress > LONGEST_PAUSE) {
      event.preventDefault();
      startAgain(line, WORDS.paused);
      return;
    }
    // Typing always goes on at the end: keys in the middle could not be told apart afterwards.
    line.field.setSelectionRange(line.field.value.length, line.field.value.length);
    line.events.push(rowOf("d", event));
    if (!SHIFTS.has(event.key)) {
      pressed.set(event.code, line);
      line.lastPress = event.timeStamp;
    }
    if (writes) {
      line.written += event.key;
    } else if (event.key === "Backspace") {
      line.written = line.written.slice(0, -1);
      line.corrections += 1;
    }
  }

  function onKeyUp(event) {
    const line = pressed.get(event.code);
    if (line) {
      pressed.delete(event.code);
      line.events.push(rowOf("u", event));
      look(line);
    } else if (SHIFTS.has(event.key)) {
      const owner = lines.find((one) => one.field === document.activeElement);
      owner?.events.push(rowOf("u", event));
    }
    if (sendWhenReleased && pressed.size === 0) {
      form.requestSubmit();
    }
  }

  function onInput(line) {
    if (line.field.value === "") {
      forget(line);
      show(line, "open", "");
    } else if (line.field.value !== line.written) {
      startAgain(line, WORDS.changed);
    } else if (line.corrections > MOST_CORRECTIONS) {
      startAgain(line, WORDS.corrections);
    } else {
      look(line);
    }
  }

  /** Pasting at a login is a try that failed, so it is told to the server; while enrolling there is nothing to try. */
  function onPaste(line, event, text) {
    event.preventDefault();
    if (!text) {
      return;
    }
    startAgain(line, WORDS.paste);
    if (!enrolling && !line.practice) {
      send(true);
    }
  }

  function send(pasted) {
    if (sending) {
      return;
    }
    sending = true;
    form.elements.typed.value = JSON.stringify(counted.map((line) => line.events));
    form.elements.pasted.value = pasted ? "1" : "";
    form.submit();
  }

  function onSubmit(event) {
    event.preventDefault();
    sendWhenReleased = false;
    const bad = counted.find((line) => line.field.value !== sentence || line.written !== sentence);
    const consent = form.elements.consent;
    if (consent && !consent.checked) {
      complain("Tick the box if you agree to the notice, or choose Skip for now.", consent);
    } else if (bad) {
      const empty = bad.field.value === "";
      const why = empty ? "is empty. Type the sentence there, too." : "is not the sentence exactly as it appears.";
      complain(`${nameOf(bad)} ${why}`, bad.field);
    } else if (pressed.size > 0) {
      sendWhenReleased = true; // Enter came before the last key was let go of
    } else {
      problem.hidden = true;
      send(false);
    }
  }

  for (const line of lines) {
    line.field.value = ""; // browsers keep what was typed before a reload; its keys are gone
    line.field.addEventListener("keydown", (event) => onKeyDown(line, event));
    line.field.addEventListener("input", () => onInput(line));
    line.field.addEventListener("compositionstart", () => noKeys(line));
    line.field.addEventListener("paste", (event) => onPaste(line, event, event.clipboardData?.getData("text")));
    line.field.addEventListener("drop", (event) => onPaste(line, event, event.dataTransfer?.getData("text")));
    line.box.querySelector("[data-typing-clear]").addEventListener("click", () => {
      startAgain(line, "");
      line.field.focus();
    });
  }
  document.addEventListener("keyup", onKeyUp);
  window.addEventListener("blur", () => new Set(pressed.values()).forEach((line) => startAgain(line, WORDS.left)));
  window.addEventListener("pageshow", (event) => event.persisted && location.reload()); // its nonce is used up
  form.addEventListener("submit", onSubmit);

  if (!enrolling && !document.querySelector("[data-error-summary]")) {
    lines[0].field.focus();
  }
  if (matchMedia("(pointer: coarse)").matches && !matchMedia("(any-pointer: fine)").matches) {
    form.querySelector("[data-typing-touch]").hidden = false;
  }
}
