// @ts-check
/**
 * What the till and the service say to each other.
 *
 * @typedef {"green" | "amber" | "red"} Level
 * @typedef {{ label: string, value: string }} Line
 * @typedef {object} Card
 * @property {string} id
 * @property {string} name
 * @property {string} member_number
 * @property {string} programme
 * @property {string} headline
 * @property {{ have: number, need: number } | null} progress
 * @property {number} rewards
 * @property {Line[]} lines
 *
 * @typedef {"redeem" | "stamp" | "stamp_anyway"} ActionName
 * @typedef {object} Answer
 * @property {string | null} event
 * @property {Level} level
 * @property {string} code
 * @property {string} text
 * @property {string} [detail]
 * @property {Card | null} card
 * @property {{ action: ActionName, label: string }[]} actions
 * @property {{ card: string, label: string }[]} choices
 * @property {boolean} is_undoable
 *
 * @typedef {object} Scan
 * @property {string} id
 * @property {string} code
 * @property {number} quantity
 * @property {"scan" | "stamp" | "redeem"} action
 * @property {boolean} is_deliberate
 * @property {string} at when it was scanned
 * @property {string} [card]
 *
 * @typedef {{ id: string, event: string }} Undo
 * @typedef {{ path: "/till/scan", body: Scan } | { path: "/till/undo", body: Undo }} Parcel
 * @typedef {{ status: number, body: any }} Reply
 */

/**
 * Posts JSON. Gives null when nobody answered, so that the caller can try the same again.
 *
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<Reply | null>}
 */
export async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const isBroken = answer.status >= 500;
    return { status: answer.status, body: isBroken ? {} : await answer.json() };
  } catch {
    // Also a page that is not ours, such as the login of a guest network: nobody has answered.
    return null;
  }
}

/**
 * An id for something that happened here, made before it is first sent.
 * `crypto.randomUUID` is missing on plain http outside localhost, so it is built from random bytes.
 *
 * @returns {string}
 */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20, 32].map((end, n) => hex.slice([0, 8, 12, 16, 20][n], end)).join("-");
}
