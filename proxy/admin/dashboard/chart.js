// The headline and the chart.

function headline() {
  const now = rates(past.get("") ?? []);
  say(part("origin"), rate(now?.origin));
  say(part("would"), rate(now?.would));
  const spared = now && now.would > 0 ? Math.floor(100 * Math.max(0, 1 - now.origin / now.would)) : null;
  say(part("spared"), spared == null ? "–" : `${spared} %`);
  const failing = toldFeeds.some((f) => f.stale);
  part("spared").classList.toggle("bad", failing);
  say(part("spared-text"), now && now.would === 0 ? "no client at the moment" : failing ? "spared, over the last 10 s, while polls fail" : "spared, over the last 10 s");
}

function niceTop(n) {
  const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((f) => f * power).find((top) => top >= n);
}

function chart() {
  const canvas = part("chart");
  const ratio = devicePixelRatio || 1;
  const [w, h] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(w * ratio);
  canvas.height = Math.round(h * ratio);
  const c = canvas.getContext("2d");
  c.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(`--${name}`).trim();
  const notes = past.get("") ?? [];
  const points = notes.map((note, i) => ({ at: note[0], ...rates(notes, i) })).filter((p) => p.would != null);
  const now = notes.at(-1)?.[0] ?? Date.now();
  const top = niceTop(Math.max(1, ...points.map((p) => Math.max(p.would, p.origin))));
  const [left, bottom] = [44, h - 18];
  const x = (at) => left + (w - left) * (1 - (now - at) / MEMORY);
  const y = (r) => bottom - (bottom - 8) * (r / top);
  axes(c, { w, left, bottom, top, y, x, now }, ink);
  const inside = points.filter((p) => now - p.at <= MEMORY);
  series(c, inside.map((p) => [x(p.at), y(p.would)]), bottom, ink("saved"));
  series(c, inside.map((p) => [x(p.at), y(p.origin)]), bottom, ink("cost"));
  if (inside.length < 2) {
    c.fillStyle = ink("muted");
    c.textAlign = "center";
    c.fillText("collecting the first figures", (w + left) / 2, h / 2 - 10);
  }
}

function axes(c, { w, left, bottom, top, y, x, now }, ink) {
  c.font = "11px system-ui, sans-serif";
  c.fillStyle = ink("muted");
  c.strokeStyle = ink("line");
  c.textBaseline = "middle";
  c.textAlign = "right";
  for (const r of [0, top / 2, top]) {
    c.beginPath();
    c.moveTo(left, y(r));
    c.lineTo(w, y(r));
    c.stroke();
    c.fillText(r >= 100 ? count(r) : String(+r.toFixed(2)), left - 8, y(r));
  }
  c.textBaseline = "alphabetic";
  for (const minutes of [4, 3, 2, 1]) {
    c.textAlign = "center";
    c.fillText(`${minutes} min ago`, x(now - minutes * 60_000), bottom + 14);
  }
  c.textAlign = "right";
  c.fillText("now", w, bottom + 14);
}

function series(c, points, bottom, colour) {
  if (points.length < 2) return;
  c.beginPath();
  points.forEach(([px, py], i) => (i ? c.lineTo(px, py) : c.moveTo(px, py)));
  c.strokeStyle = colour;
  c.lineWidth = 2;
  c.lineJoin = "round";
  c.stroke();
  c.lineTo(points.at(-1)[0], bottom);
  c.lineTo(points[0][0], bottom);
  c.globalAlpha = 0.13;
  c.fillStyle = colour;
  c.fill();
  c.globalAlpha = 1;
}
