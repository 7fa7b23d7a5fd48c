// What the pages gain when scripts run. Every page works without this file.
"use strict";

import "./submenu.js";
import "./session.js";
import "./notifications.js";

const root = document.documentElement;

function isTyping(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Tell assistive technology something that changed without a page load. */
function announce(text) {
  const region = document.getElementById("live-region");
  if (region) {
    region.textContent = text;
  }
}

// --- Theme: light, dark or the system's; remembered in a cookie (for the server) and in localStorage ---

function showTheme(choice) {
  const dark = choice === "dark" || (choice === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.themeChoice = choice;
  root.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeValue === choice));
  }
}

function rememberTheme(choice) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  try {
    localStorage.setItem("portal-theme", choice);
  } catch {
    // Storage may be switched off; the cookie is enough.
  }
}

showTheme(root.dataset.themeChoice || "auto");
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => showTheme(root.dataset.themeChoice));

// --- Clicks: theme, dismiss, print, confirmation dialogs, menus ---

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) {
      menu.open = false;
    }
  }
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (!(target instanceof Element)) {
    return;
  }
  closeMenus(target);
  const theme = target.closest("[data-theme-value]");
  if (theme) {
    showTheme(theme.dataset.themeValue);
    rememberTheme(theme.dataset.themeValue);
    const menu = theme.closest("details");
    menu.open = false;
    menu.querySelector("summary").focus();
    return;
  }
  const dismiss = target.closest("[data-dismiss]");
  if (dismiss) {
    dismiss.closest(".alert").remove();
    document.getElementById("main").focus({ preventScroll: true });
    return;
  }
  if (target.closest("[data-print]")) {
    window.print();
    return;
  }
  const opener = target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog instanceof HTMLDialogElement) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const cancel = target.closest("[data-dialog-close]");
  const open = cancel && cancel.closest("dialog[open]");
  if (open) {
    event.preventDefault();
    open.close();
  }
});

// --- Keys: "/" goes to the quick search from anywhere, Escape closes an open menu ---

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
    const search = document.querySelector("[data-quick-search]");
    if (search instanceof HTMLInputElement) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (search instanceof HTMLAnchorElement) {
      event.preventDefault();
      search.click();
    }
  } else if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

// --- Forms: a choice in a list applies itself, a form is sent once ---

document.addEventListener("change", (event) => {
  const control = event.target;
  if (control instanceof HTMLSelectElement && control.hasAttribute("data-auto-submit") && control.form) {
    control.form.requestSubmit();
  }
});

// A second click must not send a form twice (the server refuses it as well).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post" && !event.defaultPrevented) {
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "yes";
    // The page stays when the answer is a file, and comes back when the reader returns to it.
    setTimeout(() => delete form.dataset.sending, 4000);
  }
});

// The error summary takes the focus, so that it is read first and its links are the next stop.
document.querySelector("[data-error-summary]")?.focus();

// --- Tables: some browsers no longer take one for a table where it is laid out as cards (narrow screens) ---

const PARTS = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };

function nameTableParts() {
  for (const table of document.querySelectorAll(".grid-table, .contact-table, .plain-table.stacked")) {
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td, th")]) {
      part.setAttribute("role", PARTS[part.tagName] ?? (part.scope === "row" ? "rowheader" : "columnheader"));
    }
  }
}
nameTableParts();

// --- htmx: partial refresh of lists and states ---

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, pathInfo } = event.detail;
  const arrived = new URL(xhr.responseURL || location.href, location.href);
  const asked = new URL(pathInfo.finalRequestPath, location.href);
  if (arrived.pathname !== asked.pathname && !xhr.responseText.includes(`id="${target.id}"`)) {
    // Led to another page (the session ended, for one): show that page instead of an empty list.
    event.detail.shouldSwap = false;
    location.assign(arrived);
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  nameTableParts();
  const said = document.getElementById(event.detail.target.id)?.querySelector("[data-announce]");
  if (said) {
    announce(said.textContent.trim());
  }
  // Whoever pressed a link that is gone (Next on the last page) goes on at the head line; htmx finds the others by id.
  if (said?.matches(".grid-head-line") && document.activeElement === document.body) {
    said.focus({ preventScroll: true });
  }
});

function refreshFailed() {
  const region = document.getElementById("live-alert");
  if (region) {
    region.textContent = "The list could not be refreshed. Check your connection, then try again or reload the page.";
    region.hidden = false;
  }
}
document.addEventListener("htmx:responseError", refreshFailed);
document.addEventListener("htmx:sendError", refreshFailed);
document.addEventListener("htmx:beforeRequest", () => {
  const region = document.getElementById("live-alert");
  if (region) {
    region.hidden = true;
    region.textContent = "";
  }
});
