// "Show less" under the navigation stays as it was left, on the next page too (the server reads the cookie).
"use strict";

const fold = document.querySelector(".sub-nav-fold");

fold?.addEventListener("toggle", () => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `submenu=${fold.open ? "more" : "less"}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
});
