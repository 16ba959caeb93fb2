// How late each client heard of each change: a dot per hearing, by when it was
// heard (to the right) and how late (upwards). All lanes have the same scale.

const SPAN = 30_000;

export class Strip {
  #width = 0;
  #height = 0;

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    new ResizeObserver(() => this.#fit()).observe(canvas);
  }

  #fit() {
    const ratio = devicePixelRatio || 1;
    this.#width = this.canvas.clientWidth;
    this.#height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.#width * ratio);
    this.canvas.height = Math.round(this.#height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  describe(text) { this.canvas.setAttribute("aria-label", text); }

  /** Draws the half minute before at, up to most milliseconds late. */
  draw(at, points, changes, median, most, ink) {
    const c = this.context;
    const [w, h] = [this.#width, this.#height];
    const x = (t) => w - ((at - t) / SPAN) * w;
    const y = (late) => h - 7 - (Math.min(late, most) / most) * (h - 14);
    c.clearRect(0, 0, w, h);
    this.#ticks(c, changes, x, h, ink);
    if (median != null) this.#median(c, y(median * 1000), w, ink);
    for (const p of points) {
      if (p.at > at) continue;
      const beyond = p.late > most * 1.1; // from before the sliders were moved
      if (!p.mine) this.#dot(c, x(p.at), y(p.late), beyond, ink);
      else if (!beyond) this.#mine(c, x(p.at), y(p.late), ink);
    }
    this.#scale(c, most, h, ink);
  }

  #ticks(c, changes, x, h, ink) {
    c.strokeStyle = ink.line;
    c.lineWidth = 1;
    c.beginPath();
    for (const [, at] of changes) {
      c.moveTo(x(at), 0);
      c.lineTo(x(at), h);
    }
    c.stroke();
  }

  #median(c, y, w, ink) {
    c.strokeStyle = ink.muted;
    c.setLineDash([3, 3]);
    c.beginPath();
    c.moveTo(0, y);
    c.lineTo(w, y);
    c.stroke();
    c.setLineDash([]);
  }

  #dot(c, x, y, beyond, ink) {
    c.globalAlpha = beyond ? 0.15 : 0.6;
    c.fillStyle = ink.stale;
    c.beginPath();
    c.arc(x, y, 2, 0, 7);
    c.fill();
    c.globalAlpha = 1;
  }

  #mine(c, x, y, ink) {
    c.strokeStyle = ink.you;
    c.lineWidth = 1.6;
    c.beginPath();
    c.arc(x, y, 3.4, 0, 7);
    c.stroke();
  }

  #scale(c, most, h, ink) {
    c.fillStyle = ink.muted;
    c.font = "10px system-ui, sans-serif";
    c.textAlign = "left";
    c.textBaseline = "top";
    c.fillText(`${+(most / 1000).toFixed(1)} s late`, 4, 3);
    c.textBaseline = "bottom";
    c.fillText("0", 4, h - 2);
  }
}
