// Files on their way: the chosen ones in a list with size and a remove button, dropped ones taken too, refusals before
// anything travels, and progress while it does. Without this file the plain file input and form do the same work.
//
// For <input type="file" data-upload> in a form (ecomm.forms.uploads.with_upload_help says what may be sent). One such
// input a form.
"use strict";

const MIB = 1024 * 1024;

function sizeText(bytes) {
  if (bytes >= MIB) {
    return `${(bytes / MIB).toFixed(1)} MB`;
  }
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} KB` : `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) {
    made.className = className;
  }
  if (text) {
    made.textContent = text;
  }
  return made;
}

/** The list, the drop target and the lines that speak, around one file input. */
class Uploads {
  constructor(input) {
    this.input = input;
    this.form = input.form;
    this.limits = {
      bytes: Number(input.dataset.maxBytes) || Infinity,
      files: input.multiple ? Number(input.dataset.maxFiles) || Infinity : 1,
      types: (input.accept || "").toLowerCase().split(",").filter(Boolean),
    };
    this.files = [];
    this.request = null;
    // What is said below the field about an error is shown when an element beside it is called invalid.
    this.drop = element("div", input.classList.contains("is-invalid") ? "upload-drop is-invalid" : "upload-drop");
    this.hint = element("p", "upload-hint", input.multiple ? "or drop files here" : "or drop a file here");
    this.list = element("ul", "upload-list");
    this.list.setAttribute("aria-label", "Chosen files");
    this.said = element("p", "upload-said");
    this.said.setAttribute("role", "status");
    this.problem = element("div", "upload-problem");
    this.problem.setAttribute("role", "alert");
    input.before(this.drop);
    this.drop.append(input, this.hint);
    this.drop.after(this.problem, this.list, this.said);
    input.addEventListener("change", () => this.add(input.files));
    for (const kind of ["dragenter", "dragover"]) {
      this.drop.addEventListener(kind, (event) => {
        event.preventDefault();
        this.drop.classList.add("upload-over");
      });
    }
    for (const kind of ["dragleave", "drop"]) {
      this.drop.addEventListener(kind, () => this.drop.classList.remove("upload-over"));
    }
    this.drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!this.request) {
        this.add(event.dataTransfer.files);
      }
    });
    this.form.addEventListener("submit", (event) => this.send(event));
    // Some browsers bring the chosen files back with the page.
    this.add(input.files);
  }

  /** What is wrong, one line for each thing; none clears it. */
  tell(...problems) {
    this.problem.replaceChildren(...problems.map((words) => element("p", "", words)));
  }

  wrongWith(file) {
    if (this.limits.types.length && !this.limits.types.some((type) => file.name.toLowerCase().endsWith(type))) {
      return this.input.dataset.wrongType;
    }
    if (file.size > this.limits.bytes) {
      return this.input.dataset.tooLarge;
    }
    return file.size ? "" : "This file is empty.";
  }

  /** Add to what was chosen before (one file replaces the other where only one is taken); refused ones are named. */
  add(chosen) {
    const refused = [];
    const same = (a) => (b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
    for (const file of chosen) {
      const wrong = this.wrongWith(file);
      if (wrong) {
        refused.push(`“${file.name}” was not added. ${wrong}`);
      } else if (this.limits.files === 1) {
        this.files = [file];
      } else if (!this.files.some(same(file))) {
        if (this.files.length >= this.limits.files) {
          refused.push(`“${file.name}” was not added: at most ${this.limits.files} files can be sent at once.`);
        } else {
          this.files.push(file);
        }
      }
    }
    this.tell(...refused);
    this.show();
    if (this.files.length && chosen.length) {
      this.said.textContent = this.files.length === 1 ? "1 file chosen." : `${this.files.length} files chosen.`;
    }
  }

  remove(file) {
    const place = this.files.indexOf(file);
    this.files.splice(place, 1);
    this.tell();
    this.show();
    this.said.textContent = `“${file.name}” removed.`;
    // The button that was pressed is gone.
    (this.list.querySelectorAll("button")[Math.min(place, this.files.length - 1)] || this.input).focus();
  }

  /** The list as it is now; the input holds the same files, so that the form would send them by itself too. */
  show() {
    const held = new DataTransfer();
    for (const file of this.files) {
      held.items.add(file);
    }
    this.input.files = held.files;
    this.list.replaceChildren(
      ...this.files.map((file) => {
        const line = element("li");
        const remove = element("button", "btn btn-secondary btn-sm", "Remove");
        remove.type = "button";
        remove.append(element("span", "visually-hidden", ` ${file.name}`));
        remove.addEventListener("click", () => this.remove(file));
        line.append(element("span", "upload-name", file.name), element("span", "upload-size", sizeText(file.size)), remove);
        return line;
      }),
    );
  }

  /** Before files travel, each field that is shown is as it must be. One that is hidden is not asked for, whatever it requires. */
  filledIn() {
    return [...this.form.elements].every((field) => !field.getClientRects().length || field.reportValidity());
  }

  send(event) {
    if (event.defaultPrevented || !this.files.length) {
      return;
    }
    event.preventDefault();
    if (this.request || !this.filledIn()) {
      return;
    }
    const body = new FormData(this.form, event.submitter);
    this.request = new XMLHttpRequest();
    this.request.open("POST", this.form.action);
    this.request.upload.addEventListener("progress", (moved) => moved.lengthComputable && this.moved(moved.loaded, moved.total));
    this.request.addEventListener("load", () => this.arrived());
    this.request.addEventListener("error", () => this.failed("The files did not arrive. Check your connection and submit again."));
    this.request.addEventListener("abort", () => this.failed("Sending was cancelled. Nothing was sent."));
    this.start();
    this.request.send(body);
  }

  start() {
    this.tell();
    this.said.textContent = "Sending…";
    this.form.setAttribute("aria-busy", "true");
    this.input.disabled = true;
    this.sender = this.form.querySelector('button[type="submit"], input[type="submit"]');
    if (this.sender) {
      this.sender.disabled = true;
    }
    this.cancel = element("button", "btn btn-secondary btn-sm", "Cancel Sending");
    this.cancel.type = "button";
    this.cancel.addEventListener("click", () => this.request?.abort());
    this.said.after(this.cancel);
    this.bars = [...this.list.children].map((line, place) => {
      const bar = element("progress", "upload-progress");
      bar.max = 100;
      bar.value = 0;
      bar.setAttribute("aria-label", `Sent of ${this.files[place].name}`);
      line.querySelector("button").replaceWith(bar);
      return bar;
    });
    this.told = 0;
  }

  /** One request carries all files one after the other; what has gone out tells how far each one is. */
  moved(loaded, total) {
    const whole = this.files.reduce((sum, file) => sum + file.size, 0);
    let left = Math.max(0, loaded - (total - whole));
    this.files.forEach((file, place) => {
      this.bars[place].value = file.size ? Math.min(100, (100 * left) / file.size) : 100;
      left = Math.max(0, left - file.size);
    });
    const percent = Math.floor((100 * loaded) / total);
    if (loaded >= total) {
      this.said.textContent = "Sent. Checking the files…";
      this.cancel?.remove();
    } else if (percent >= this.told + 25) {
      // Every quarter is said; more would drown everything else.
      this.told = percent - (percent % 25);
      this.said.textContent = `${this.told} % sent.`;
    }
  }

  arrived() {
    const { status, responseURL, responseText } = this.request;
    const there = new URL(responseURL || this.form.action, location.href);
    const here = new URL(this.form.action, location.href);
    if (status === 413) {
      this.failed("These files are too large to be sent at once. Send fewer files at a time.");
    } else if (status === 403) {
      // Submitting again would be refused again: the sign-in changed in another tab, or the right was taken away.
      this.failed("Nothing was sent, because this page is out of date. Reload it, then choose your files again.", "");
    } else if (status >= 400) {
      this.failed("Nothing was sent, because something went wrong. Please submit again in a minute.");
    } else if (there.pathname !== here.pathname) {
      location.assign(there);
    } else {
      this.comeBack(responseText);
    }
  }

  /** The form again, with what is wrong. The page's frame stays. */
  comeBack(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const main = document.getElementById("main");
    const fresh = page.getElementById("main");
    if (!main || !fresh) {
      location.reload();
      return;
    }
    main.replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    enhance();
    document.querySelector("[data-error-summary]")?.focus();
  }

  failed(words, kept = "Your files are still chosen.") {
    this.request = null;
    this.form.removeAttribute("aria-busy");
    this.input.disabled = false;
    if (this.sender) {
      this.sender.disabled = false;
    }
    this.cancel?.remove();
    this.said.textContent = "";
    this.show();
    this.tell(`${words} ${kept}`.trim());
  }
}

function enhance() {
  for (const input of document.querySelectorAll("input[type=file][data-upload]")) {
    if (!input.closest(".upload-drop")) {
      new Uploads(input);
    }
  }
}

enhance();
