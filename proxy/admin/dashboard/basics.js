"use strict";

// Everything that is told is set as text, never as markup.

const PACE = 1500;
const MEMORY = 5 * 60_000; // of the chart
const WINDOW = 10_000; // of a rate
const MOST_FEEDS = 200; // that are listed
const MANY_FEEDS = 1000; // from which on they are asked for less often
const TRANSPORTS = ["poll", "longpoll", "sse", "ndjson", "multipart", "websocket", "pass"];

const part = (id) => document.getElementById(id);
const sum = (counts) => Object.values(counts ?? {}).reduce((all, n) => all + n, 0);

// Without user and password, with which a page may have been opened, and may not fetch.
const ask = (path) => fetch(new URL(path, location.origin + location.pathname), { cache: "no-store", signal: AbortSignal.timeout(5000) });

const get = async (path) => {
  const response = await ask(path);
  if (!response.ok) throw new Error(response.status === 401 ? "the token is needed: reload, any user, the token as password" : `the admin API answers ${response.status}`);
  return response.json();
};

// Why the proxy should get no clients; empty if it should.
const unready = async () => {
  const response = await ask("readyz");
  const text = await response.text();
  return response.ok ? "" : text.trim();
};

// How things are written.

const count = (n) => (n < 100_000 ? n.toLocaleString("en-US") : new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(n));
const rate = (r) => (r == null ? "–" : r >= 100 ? count(Math.round(r)) : r.toFixed(1));
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
  return s < 7200 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`;
};
const quantiles = (q, n) => (n ? `${time(q.p50)}, ${time(q.p99)}` : "–");

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text != null) element.textContent = text;
  return element;
}

// Counts by name, without those that are 0.
function list(counts, names = Object.keys(counts ?? {}).sort()) {
  const all = make("div", "list");
  for (const name of names) {
    if (!counts?.[name]) continue;
    const one = make("span");
    one.append(make("em", "", name), ` ${count(counts[name])}`);
    all.append(one);
  }
  return all;
}

// A sum and what it is made of; a dash where there is nothing.
function figure(total, ...details) {
  return total ? [make("b", "", count(total)), ...details.map((d) => (typeof d === "string" ? make("small", "", d) : d))] : ["–"];
}
