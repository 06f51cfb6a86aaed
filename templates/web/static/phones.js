// @ts-check
/** The page of the virtual phones: asks a few times a second what they show, and draws it. */

import { PhoneView } from "./phones/phone.js";

/** @typedef {import("./phones/contract.js").AnyPhone} AnyPhone */

const PAUSE_MS = 250;
const SLOW_PAUSE_MS = 2000;

/** @type {Record<string, string>} */
const texts = JSON.parse(document.getElementById("phones-texts")?.textContent ?? "{}");
const place = /** @type {HTMLElement} */ (document.getElementById("phones"));
const connection = /** @type {HTMLElement} */ (document.getElementById("connection"));
const jump = /** @type {HTMLElement} */ (document.getElementById("jump"));
/** @type {Map<string, PhoneView>} */
const views = new Map();
let tag = "";

/** @param {AnyPhone[]} phones */
function draw(phones) {
  for (const phone of phones) {
    let view = views.get(phone.id);
    if (!view) {
      view = new PhoneView(phone, texts);
      views.set(phone.id, view);
      place.append(view.root);
      jump.append(linkTo(phone));
    }
    view.draw(phone);
  }
  place.removeAttribute("aria-busy");
}

/** @param {AnyPhone} phone */
function linkTo(phone) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `#${phone.id}`;
  link.textContent = phone.name;
  item.append(link);
  return item;
}

async function ask() {
  /** @type {Record<string, string>} */
  const headers = tag ? { "If-None-Match": tag } : {};
  const answer = await fetch("/phones.json", { cache: "no-store", headers });
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  tag = answer.headers.get("ETag") ?? "";
  draw((await answer.json()).phones);
}

function drawClocks() {
  const now = new Date();
  const time = `${now.getHours()}.${String(now.getMinutes()).padStart(2, "0")}`;
  for (const view of views.values()) view.part("clock").textContent = time;
}

/** A link that says `?add=<address>&phone=<id>` opens that address on that phone, once. */
function addFromLink() {
  const query = new URLSearchParams(location.search);
  const url = query.get("add");
  if (!url) return;
  const view = views.get(query.get("phone") ?? "") ?? views.values().next().value;
  history.replaceState(null, "", location.pathname);
  void view?.add(url);
}

/** A link that ends in `#<id>` shows that phone. */
function showFromLink() {
  views.get(decodeURIComponent(location.hash.slice(1)))?.root.scrollIntoView();
}

async function run() {
  let isLinkDone = false;
  for (;;) {
    let pause = document.hidden ? SLOW_PAUSE_MS : PAUSE_MS;
    try {
      await ask();
      connection.hidden = true;
      drawClocks();
      if (!isLinkDone) {
        addFromLink();
        showFromLink();
      }
      isLinkDone = true;
    } catch {
      connection.hidden = false;
      pause = SLOW_PAUSE_MS;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

void run();
