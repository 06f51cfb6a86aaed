// @ts-check
/** The save page: the cards that a link is about, as they will look. */

import { GoogleCard } from "./google-card.js";

/** @type {import("./contract.js").GoogleFace[]} */
const faces = JSON.parse(document.getElementById("cards-data")?.textContent ?? "[]");
const place = /** @type {HTMLElement} */ (document.getElementById("cards"));

for (const face of faces) {
  const card = new GoogleCard();
  card.draw(face, {});
  place.append(card.root);
}
