// @ts-check
/**
 * Keeps the card on the page true while somebody looks at it: the page is asked again every few
 * seconds and the card replaced when it differs. Stops after a few minutes, and while hidden.
 */

const PAUSE_MS = 4000;
const WATCH_MS = 5 * 60 * 1000;

let shownAt = Date.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  shownAt = Date.now();
  void refresh();
});

/** Fetches this page and puts its card in place of the one shown, if it says something else. */
async function refresh() {
  const card = document.querySelector("[data-live]");
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || !card) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (!fresh || fresh.textContent === card.textContent) return;
    fresh.classList.add("is-fresh");
    card.replaceWith(document.adoptNode(fresh));
  } catch {
    // No connection: the card stays as it was last seen, and the next round tries again.
  }
}

setInterval(() => {
  if (!document.hidden && Date.now() - shownAt < WATCH_MS) void refresh();
}, PAUSE_MS);
