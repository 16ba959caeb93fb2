// How things are written.

const TRANSPORTS = ["poll", "longpoll", "sse", "ndjson", "multipart", "websocket", "pass"];

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const count = (n) => (n < 100_000 ? (Number.isInteger(n) ? n : +n.toFixed(2)).toLocaleString("en-US") : compact.format(n));
const rate = (r) => (r == null ? "–" : r === 0 ? "0" : r >= 100 ? count(Math.round(r)) : r > 0 && r < 0.1 ? r.toFixed(2) : r.toFixed(1));
const clock = (at, seconds) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hour12: false });

const bytes = (n) => {
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024) return `${n < 10 && unit !== "B" ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1024;
  }
  return `${n.toFixed(1)} TiB`;
};
const time = (s) => {
  if (s < 1) return `${s === 0 ? 0 : s < 0.0995 ? (s * 1000).toPrecision(2) : Math.round(s * 1000)} ms`;
  if (s < 100) return `${s.toFixed(1)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 48 * 3600 ? `${(s / 3600).toFixed(1)} h` : `${Math.round(s / 86400)} days`;
};
const age = (s) => (s < 100 ? `${Math.round(s)} s` : time(s));
const quantiles = (p50, p99) => (p99 ? `${time(p50)}, ${time(p99)}` : "–");
const percent = (n, all) => `${all > 0 ? Math.floor((100 * Math.max(0, n)) / all) : 0} %`;
const named = (counts) => Object.entries(counts ?? {}).filter(([, n]) => n).map(([name, n]) => `${name} ${count(n)}`).join(", ");

// A value whose name says its unit.
function value(name, v) {
  if (v == null || v === "") return "–";
  if (typeof v === "boolean") return v ? "yes" : "no";
  if (typeof v !== "number") return /^\d{4}-\d\d-\d\dT/.test(v) && !Number.isNaN(Date.parse(v)) ? new Date(v).toLocaleString() : String(v);
  if (/(^|_)seconds$/.test(name)) return time(v);
  if (/(^|_)bytes$/.test(name)) return bytes(v);
  return count(v);
}
