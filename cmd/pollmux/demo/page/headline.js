// What it comes to, in two comparisons and a sum.

import { count, rate, say, seconds } from "./format.js";

const part = (id) => document.getElementById(id);
const worst = (values) => (values.some((v) => v == null) ? null : Math.max(...values));

export function headline(lanes) {
  const [direct, ...others] = lanes;
  const pushed = others.slice(1); // of lane B, only its cost is like the others'
  compare("rate", worst(pushed.map((l) => l.per_second)), direct.per_second, rate);
  compare("late", worst(pushed.map((l) => l.median)), direct.median, seconds);
  const without = others.length * direct.requests;
  const saved = without - others.reduce((sum, lane) => sum + lane.requests, 0);
  say(part("saved"), saved > 0 ? count(saved) : "–");
  say(part("saved-of"), saved > 0 ? `of ${count(without)}, ${Math.floor((100 * saved) / without)} %` : "");
}

function compare(what, through, without, write) {
  say(part(`${what}-with`), write(through));
  say(part(`${what}-without`), write(without));
  const most = Math.max(through ?? 0, without ?? 0) || 1;
  part(`bar-${what}-with`).style.width = `${Math.max(1, (100 * (through ?? 0)) / most)}%`;
  part(`bar-${what}-without`).style.width = `${Math.max(1, (100 * (without ?? 0)) / most)}%`;
}
