// @ts-check
/**
 * What `/phones.json` holds.
 *
 * @typedef {{ key: string, label: string, value: string }} Field
 * @typedef {object} Pass
 * @property {string} serial_number
 * @property {string} pass_type_identifier
 * @property {string} organization_name
 * @property {string} logo_text
 * @property {string} description
 * @property {string} background_color
 * @property {string} foreground_color
 * @property {string} label_color
 * @property {Field[]} header
 * @property {Field[]} primary
 * @property {Field[]} secondary
 * @property {Field[]} auxiliary
 * @property {Field[]} back
 * @property {{ format: string, message: string, alt_text: string, image: string } | null} barcode
 * @property {{ icon?: string, logo?: string, strip?: string }} images
 * @property {boolean} is_voided
 * @property {string[]} changed_keys
 * @property {string} updated_at
 * @property {string} last_modified
 *
 * @typedef {{ source: string, text: string }} Picture `text` is read out instead of it
 * @typedef {object} GoogleFace the card alone
 * @property {string} object_id
 * @property {string} class_id
 * @property {"loyalty" | "offer" | "generic"} kind
 * @property {string} state
 * @property {boolean} is_expired
 * @property {string} issuer_name
 * @property {string} title
 * @property {string} subtitle
 * @property {string} background_color
 * @property {string} foreground_color
 * @property {Picture | null} logo
 * @property {boolean} is_logo_wide
 * @property {Picture | null} hero
 * @property {Field[][]} rows
 * @property {string} list_title
 * @property {string} list_subtitle
 *
 * @typedef {object} GoogleParts what is on it and below it besides
 * @property {{ type: string, value: string, text: string, image: string, above: Field[],
 *   below: Field[] } | null} barcode
 * @property {Field[]} messages
 * @property {{ header: string, body: string, uri: string, image: Picture | null }[]} extras
 * @property {Field[]} details
 * @property {Picture[]} images
 * @property {{ text: string, uri: string }[]} links
 * @property {{ text: string, uri: string } | null} button
 * @property {GooglePass[]} offers
 * @property {string} updated_at
 * @typedef {GoogleFace & GoogleParts} GooglePass
 *
 * @typedef {{ at: string, title: string, text: string }} Notification
 * @typedef {object} Phone
 * @property {string} id
 * @property {"ios"} system
 * @property {string} name
 * @property {boolean} is_on
 * @property {Notification[]} notifications
 * @property {{ at: string, text: string }[]} log
 * @property {Pass[]} passes
 *
 * @typedef {object} AndroidPhone
 * @property {string} id
 * @property {"android"} system
 * @property {string} make
 * @property {string} name
 * @property {string} language
 * @property {{ id: string, name: string }} account
 * @property {boolean} is_on
 * @property {Record<string, string>} words
 * @property {Notification[]} notifications
 * @property {{ at: string, text: string }[]} log
 * @property {GooglePass[]} passes
 *
 * @typedef {(Phone & { make?: undefined }) | AndroidPhone} AnyPhone
 */

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<string>} empty when it worked, else what went wrong
 */
export async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) return "";
    const problem = await answer.json();
    return problem.detail || problem.title || problem.error || String(answer.status);
  } catch (error) {
    return String(error);
  }
}

/**
 * A copy of a template with its parts by name.
 *
 * @param {string} id
 * @returns {{ root: HTMLElement, part: (name: string) => any }}
 */
export function stencil(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const root = /** @type {HTMLElement} */ (template.content.cloneNode(true)).firstElementChild;
  if (!(root instanceof HTMLElement)) throw new Error(`The template ${id} is empty.`);
  return { root, part: (name) => root.querySelector(`[data-part="${name}"]`) };
}

/**
 * @param {string} at a date and time
 * @returns {string} the time of day
 */
export function clockTime(at) {
  const date = new Date(at);
  return Number.isNaN(date.valueOf())
    ? at
    : date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/**
 * @param {HTMLImageElement} image hidden without a source
 * @param {string | undefined} source
 */
export function picture(image, source) {
  image.hidden = !source;
  if (source && image.getAttribute("src") !== source) image.src = source;
}
