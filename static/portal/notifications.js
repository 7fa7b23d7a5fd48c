// The bell in the header keeps its count fresh (HOM_06). Without this file it is a link with the count of page load.
"use strict";

const EVERY = 60_000;
const NOT_SOONER = 5_000; // focus and visibility often change together

let askedAt = Date.now();
let asking = false;
let over = false; // nobody is signed in any more

function announce(text) {
  const region = document.getElementById("live-region");
  if (region) {
    region.textContent = text;
  }
}

/** Put the new bell in the place of the old one; the focus stays where it was. */
function exchange(bell, html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.getElementById("bell");
  if (!fresh) {
    return;
  }
  const hadFocus = document.activeElement === bell;
  const more = Number(fresh.dataset.unread) > Number(bell.dataset.unread);
  bell.replaceWith(fresh);
  if (hadFocus) {
    fresh.focus();
  }
  if (more) {
    announce(fresh.textContent.replace(/\s+/g, " ").trim().replace(/ \S+$/, ""));
  }
}

async function refresh() {
  const bell = document.getElementById("bell");
  if (!bell || asking || over || document.visibilityState !== "visible") {
    return;
  }
  asking = true;
  askedAt = Date.now();
  try {
    const asked = new URLSearchParams({ shown: bell.dataset.unread });
    // Redirects are not followed: the login page belongs into the window, not into the header.
    const response = await fetch(`${bell.dataset.pollUrl}?${asked}`, { redirect: "manual" });
    if (response.type === "opaqueredirect") {
      over = true;
      const here = location.pathname + location.search;
      location.assign(`${bell.dataset.loginUrl}?${new URLSearchParams({ next: here })}`);
    } else if (response.status === 200) {
      exchange(bell, await response.text());
    }
  } catch {
    // No connection at the moment: the next time will do.
  } finally {
    asking = false;
  }
}

function refreshIfStale() {
  if (Date.now() - askedAt >= NOT_SOONER) {
    refresh();
  }
}

if (document.getElementById("bell")) {
  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refreshIfStale);
  window.addEventListener("focus", refreshIfStale);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      refresh(); // back from the browser's memory: the count may be an old one
    }
  });
}
