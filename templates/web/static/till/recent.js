// @ts-check
/** The last five scans, each with its undo while it can be undone. */

import { make } from "./dom.js";

/** @typedef {import("./contract.js").Answer} Answer */

/**
 * @typedef {object} Row
 * @property {string} id of the scan
 * @property {string} who
 * @property {string} text
 * @property {string} level
 * @property {string | null} event what an undo would take back
 */

const MOST_ROWS = 5;

export class Recent {
  /**
   * @param {HTMLElement} list
   * @param {Record<string, string>} texts
   * @param {(row: Row) => void} undo
   */
  constructor(list, texts, undo) {
    this.list = list;
    this.texts = texts;
    this.undo = undo;
    /** @type {Row[]} newest first */
    this.rows = [];
  }

  clear() {
    this.rows = [];
    this.draw();
  }

  /**
   * @param {string} id
   * @param {string} who
   * @param {string} level
   * @param {string} text
   */
  put(id, who, level, text) {
    const row = this.rows.find((row) => row.id === id);
    if (row) Object.assign(row, { level, text });
    else this.rows.unshift({ id, who, level, text, event: null });
    this.rows.length = Math.min(this.rows.length, MOST_ROWS);
    this.draw();
  }

  /**
   * @param {string} id
   * @param {Answer} answer
   */
  settle(id, answer) {
    const row = this.rows.find((row) => row.id === id);
    if (!row) return;
    row.level = answer.level;
    row.text = answer.text;
    row.who = answer.card?.name || row.who;
    row.event = answer.is_undoable ? answer.event : null;
    this.draw();
  }

  /**
   * @param {string} event that was undone, or whose undo was refused
   * @param {Answer} answer
   */
  undone(event, answer) {
    const row = this.rows.find((row) => row.event === event);
    if (!row) return;
    // Refused for now, such as "undo that first": it can be tried again.
    const isOver = answer.level === "green" || ["undo_too_late", "already_reversed"].includes(answer.code);
    Object.assign(row, {
      level: answer.level === "green" ? "undone" : answer.level,
      text: answer.text,
      event: isOver ? null : event,
    });
    this.draw();
  }

  draw() {
    this.list.replaceChildren(
      ...this.rows.map((row) => {
        const item = make(
          "li",
          { class: "recent__row", "data-level": row.level, "data-testid": "till-recent-row" },
          make("span", { class: "recent__mark" }),
          make(
            "span",
            { class: "recent__words" },
            make("b", {}, row.who),
            make("span", {}, row.text),
          ),
        );
        if (row.event) {
          const name = `${this.texts.undo}: ${row.who}`;
          item.append(
            make(
              "button",
              {
                type: "button",
                class: "recent__undo",
                "aria-label": name,
                "data-testid": "till-recent-undo",
                click: () => this.undo(row),
              },
              this.texts.undo,
            ),
          );
        }
        return item;
      }),
    );
    // A list that scrolls must be within reach of the keyboard.
    this.list.tabIndex = this.list.scrollHeight > this.list.clientHeight ? 0 : -1;
  }
}
