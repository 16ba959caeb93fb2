// How things are written on this page.

/** "250ms" as "250 ms". */
export const interval = (text) => text.replace(/^(\d+)/, "$1 ");

/** "250ms" in milliseconds. */
export const milliseconds = (text) => parseFloat(text) * (text.endsWith("ms") ? 1 : 1000);

/** Seconds as "0.26 s" or "5.1 s". */
export const seconds = (s) => (s == null ? "–" : `${s.toFixed(s < 9.95 ? 2 : 1)} s`);

/** A rate as "15.5". */
export const rate = (r) => (r == null ? "–" : r.toFixed(r < 99.95 ? 1 : 0));

export const count = (n) => n.toLocaleString("en-US");

/** Sets a text, if it is another one: what does not change is not drawn again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
