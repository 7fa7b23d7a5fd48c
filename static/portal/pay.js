// Pay Now: the Payment Portal opens in a new tab after a successful submit, and only then (SIG_05).
// The application is sent in the background, because a browser lets a page open a tab only shortly after a click. Without scripts,
// or when it took too long, the page that follows has a button which does the same.

const underway = new WeakSet();

const paysNow = (form) =>
  form.hasAttribute("data-pays") || Boolean(form.querySelector("input[name$=payment_choice][value=NOW]:checked"));

const isSubmit = (form, button) => form.id !== "wizard-form" || button?.value === "submit";

function openPortal(url, token) {
  const opener = document.createElement("form");
  opener.method = "post";
  opener.action = url;
  opener.target = "_blank";
  opener.rel = "noopener";
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "csrfmiddlewaretoken";
  field.value = token;
  opener.append(field);
  document.body.append(opener);
  opener.submit();
  opener.remove();
}

// As if nothing had been tried: the same form with the same key, so that it counts once.
function sendPlainly(form, button) {
  if (button?.name) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = button.name;
    field.value = button.value;
    form.append(field);
  }
  HTMLFormElement.prototype.submit.call(form);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  if (event.defaultPrevented || !form.matches("#wizard-form, [data-pays]")) return;
  if (!paysNow(form) || !isSubmit(form, button)) return;
  event.preventDefault();
  if (underway.has(form)) return;
  underway.add(form);
  let answer = null;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form, button),
      headers: { Accept: "application/json" },
      redirect: "manual",
    });
    if (response.headers.get("content-type")?.startsWith("application/json")) answer = await response.json();
  } catch {
    // No answer: sent plainly, the browser itself says what is wrong.
  }
  if (!answer) {
    sendPlainly(form, button);
    return;
  }
  if (!answer.pay) {
    window.location.assign(answer.next);
  } else if (navigator.userActivation?.isActive ?? true) {
    openPortal(answer.pay, form.elements.csrfmiddlewaretoken.value);
    // The new tab has its request by then; here the Payment Status is what matters next.
    setTimeout(() => window.location.assign(answer.next), 300);
  } else {
    window.location.assign(answer.pay);
  }
});

const payForm = document.getElementById("pay-form");
payForm?.addEventListener("submit", () => {
  setTimeout(() => window.location.assign(payForm.dataset.afterwards), 400);
});
