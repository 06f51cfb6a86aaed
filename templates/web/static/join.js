// @ts-check
/** A form is sent once: a second press while the first is on its way does nothing. */

for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("button[type=submit]");
  if (!(form instanceof HTMLFormElement) || !(button instanceof HTMLButtonElement)) continue;
  const words = button.textContent;
  let isSent = false;

  form.addEventListener("submit", (event) => {
    if (isSent) {
      event.preventDefault();
      return;
    }
    isSent = true;
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.sending ?? words;
  });

  // The browser's Back brings the page as it was left: let the form be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isSent = false;
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  });
}
