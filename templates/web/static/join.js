// @ts-check
/** A form is sent once: a second press while the first is on its way does nothing. */

for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("button[type=submit]");
  if (!(form instanceof HTMLFormElement) || !(button instanceof HTMLButtonElement)) continue;
  let isSent = false;

  form.addEventListener("submit", (event) => {
    if (isSent) {
      event.preventDefault();
      return;
    }
    isSent = true;
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.sending ?? button.textContent;
  });

  // Back brings the page as it was left: this form was used, so a fresh one is asked for.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && isSent) location.reload();
  });
}
