// Keeps what was typed when the session is about to end (static/portal/session.js says so two minutes before): the server
// holds it encrypted and shows it again after the next login. Files cannot be kept.
"use strict";

const holder = document.querySelector("[data-draft-url]");
const form = holder?.querySelector("form");

if (form) {
  const save = () => {
    const typed = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string") {
        typed.append(name, value);
      }
    }
    return fetch(holder.dataset.draftUrl, { method: "POST", body: typed, redirect: "manual", keepalive: true }).catch(() => {
      // Without a connection nothing can be kept; the page itself still holds the text.
    });
  };
  document.addEventListener("portal:session-ending", () => {
    save();
    // Whoever goes on typing while the warning stands is kept too.
    form.addEventListener("change", save);
  });
}
