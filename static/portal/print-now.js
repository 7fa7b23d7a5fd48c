// A page that is made to be printed opens the print window itself; its button opens it again.
"use strict";

if (document.readyState === "complete") {
  window.print();
} else {
  window.addEventListener("load", () => window.print(), { once: true });
}
