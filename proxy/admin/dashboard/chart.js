// A chart of some series over the same time.

function niceTop(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((f) => f * power).find((top) => top >= n * 0.9999);
}

// Minutes between two marks of the axis, so that their labels have room.
const marksOf = (range, width) => [1, 2, 5, 10, 15, 20, 30].find((m) => width / (range / 60_000 / m) >= 58) ?? 30;

class Chart {
  constructor(canvas) {
    this.canvas = canvas;
  }

  // series: [{points, colour, filled}], of which points are [time, value]; cursor: a
  // time to mark, or null.
  draw({ series, until, range, unit, least, cursor }) {
    const ratio = devicePixelRatio || 1;
    const [w, h] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!w) return;
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(h * ratio);
    const c = this.canvas.getContext("2d");
    c.scale(ratio, ratio);
    c.font = "11px system-ui, sans-serif";
    const style = getComputedStyle(document.documentElement);
    const ink = (name) => style.getPropertyValue(`--${name}`).trim();
    const top = niceTop(series.reduce((most, s) => s.points.reduce((m, [, v]) => Math.max(m, v), most), least));
    const labels = [0, top / 2, top].map((v) => [v, unit(v)]);
    this.left = Math.ceil(Math.max(...labels.map(([, text]) => c.measureText(text).width))) + 10;
    const bottom = h - 18;
    this.x = (at) => this.left + (w - this.left - 1) * (1 - (until - at) / range);
    this.at = (x) => until - range * (1 - (x - this.left) / (w - this.left - 1));
    const y = (v) => bottom - (bottom - 8) * (v / top);
    this.axes(c, { w, bottom, labels, y, until, range }, ink);
    for (const s of series) this.line(c, s.points.map(([at, v]) => [this.x(at), y(v)]), bottom, ink(s.colour), s.filled);
    if (cursor != null) this.mark(c, this.x(cursor), bottom, ink("ink"));
    if (!series.some((s) => s.points.length)) {
      c.fillStyle = ink("muted");
      c.textAlign = "center";
      c.fillText("collecting the first figures", (w + this.left) / 2, h / 2 - 10);
    }
  }

  axes(c, { w, bottom, labels, y, until, range }, ink) {
    c.fillStyle = ink("muted");
    c.strokeStyle = ink("line");
    c.textBaseline = "middle";
    c.textAlign = "right";
    for (const [v, text] of labels) {
      c.beginPath();
      c.moveTo(this.left, y(v));
      c.lineTo(w, y(v));
      c.stroke();
      c.fillText(text, this.left - 8, y(v));
    }
    c.textBaseline = "alphabetic";
    c.textAlign = "center";
    const step = marksOf(range, w - this.left) * 60_000;
    for (let at = Math.floor(until / step) * step; at > until - range; at -= step) {
      const x = this.x(at);
      if (x - 18 < this.left || x + 18 > w) continue;
      c.fillText(clock(at), x, bottom + 14);
      c.fillRect(x, bottom, 1, 3);
    }
  }

  line(c, points, bottom, colour, filled) {
    if (!points.length) return;
    c.beginPath();
    points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    if (points.length === 1) c.lineTo(points[0][0] - 3, points[0][1]);
    c.strokeStyle = colour;
    c.lineWidth = filled ? 1.5 : 2;
    c.lineJoin = "round";
    c.stroke();
    if (!filled) return;
    c.lineTo(points.at(-1)[0], bottom);
    c.lineTo(points[0][0], bottom);
    c.globalAlpha = 0.15;
    c.fillStyle = colour;
    c.fill();
    c.globalAlpha = 1;
  }

  mark(c, x, bottom, colour) {
    c.beginPath();
    c.moveTo(x, 4);
    c.lineTo(x, bottom);
    c.strokeStyle = colour;
    c.lineWidth = 1;
    c.stroke();
  }
}
