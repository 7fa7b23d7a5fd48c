// "Show less" under the navigation stays as it was left, on the next page too (the server reads the cookie).
"use strict";

const fold = document.querySelector(".sub-nav-fold");

// On the click, not on "toggle", which comes later: whoever goes on at once would find it as it was.
fold?.querySelector("summary").addEventListener("click", () => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `submenu=${fold.open ? "less" : "more"}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
});
