// Whatever else the statistics have: shown by its shape, so that what is new there
// is here as well.

const SHOWN = new Set(["totals", "routes", "budgets", "limit_hits", "taken_at", "uptime_seconds", "connections", "stale_feeds"]);
const DEEPEST = 5;
const MOST_TOLD = 200;
const GOOD = new Set(["healthy", "up", "ok", "live", "ready", "loaded", "active"]);

const words = (name) => name.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());
const isObject = (v) => v !== null && typeof v === "object";
const isState = (name, v) => /(^|_)(state|health|status)$/.test(name) && typeof v === "string";

// A value as an element.
function tell(name, v, depth = 0) {
  if (!isObject(v)) return make("span", stateClass(name, v), value(name, v));
  if (depth === DEEPEST) return "…";
  if (Array.isArray(v)) return v.some(isObject) ? rowsOf(v, depth) : make("span", "", v.map((one) => value(name, one)).join(", ") || "none");
  const names = Object.keys(v);
  if (!names.length) return "none";
  const alike = names.every((n) => isObject(v[n]) && !Array.isArray(v[n]));
  if (alike && names.length > 1) return rowsOf(names.map((n) => ({ name: n, ...v[n] })), depth);
  return make("dl", "facts", ...names.slice(0, MOST_TOLD).map((n) => make("div", "", make("dt", "", words(n)), make("dd", "", tell(n, v[n], depth + 1)))));
}

function stateClass(name, v) {
  if (/(^|_)error$/.test(name) && v) return "bad";
  return isState(name, v) ? (GOOD.has(v) ? "good" : "warn") : "";
}

// Objects as a table of all that they have.
function rowsOf(objects, depth) {
  const all = objects.filter(isObject).slice(0, MOST_TOLD);
  const columns = [...new Set(all.flatMap((o) => Object.keys(o)))].slice(0, 20);
  const cell = (o, c) => {
    const td = make("td", typeof o[c] === "number" ? "n" : "", tell(c, o[c], depth + 1));
    td.dataset.label = words(c);
    return td;
  };
  const head = columns.map((c) => make("th", all.some((o) => typeof o[c] === "number") ? "n" : "", words(c)));
  return make("div", "scroll", make("table", "", make("thead", "", make("tr", "", ...head)), make("tbody", "", ...all.map((o) => make("tr", "", ...columns.map((c) => cell(o, c)))))));
}

function other(stats) {
  const names = Object.keys(stats).filter((name) => !SHOWN.has(name) && stats[name] != null && !(isObject(stats[name]) && !Object.keys(stats[name]).length));
  become(part("other"), names.map((name) => {
    const section = make("section", "card", make("h2", "", words(name)), tell(name, stats[name]));
    section.setAttribute("aria-label", words(name));
    return section;
  }));
}
