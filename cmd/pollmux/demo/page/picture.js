// A lane as a picture: clients above, pollmux between, the origin below, and what
// goes to and fro. It plays what has been measured, a moment later.

const FLIGHT = 380; // of a request, in milliseconds
const PULSE = 200; // of an answer that has news
const FLASH = 260;
const RIPPLE = 900;
const MOST = 160; // dots in the air

export class Picture {
  #width = 0;
  #height = 0;
  #count = 0;
  #has = new Map(); // client → change that it shows; -1 is the visitor
  #events = [];
  #pulses = [];
  #dots = [];

  constructor(canvas, kind) {
    this.canvas = canvas;
    this.kind = kind;
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

  forget() {
    this.#has.clear();
    this.#events = [];
    this.#pulses = [];
    this.#dots = [];
    this.flash = this.change = this.changed = 0;
  }

  people(n) { this.#count = n; }

  describe(text) { this.canvas.setAttribute("aria-label", text); }

  /** A client has a change at a time, which may be yet to come on this clock. */
  hear(client, change, at) {
    this.#events.push({ client, change, at });
    this.#events.sort((a, b) => a.at - b.at);
  }

  /** So many requests got to the origin between two times; clients sent asked. */
  requests(from, to, arrived, asked) {
    const when = () => from + Math.random() * (to - from);
    if (!this.kind.hop) {
      this.#launch(arrived, when, "client", "origin");
      return;
    }
    this.#launch(asked, when, "client", "hop");
    this.#launch(arrived, when, "hop", "origin");
  }

  #launch(n, when, from, to) {
    for (let i = 0; i < n && this.#dots.length < MOST; i++) {
      const begin = when();
      this.#dots.push({ begin, from, to, who: Math.floor(Math.random() * (this.#count + 1)) - 1, drift: Math.random() - 0.5 });
    }
  }

  // Where things are. The visitor is the last of the second row.
  #place(client) {
    const all = this.#count + 1;
    const index = client < 0 ? all - 1 : client;
    const first = Math.ceil(all / 2);
    const row = index < first ? 0 : 1;
    const gap = this.#width / (first + 0.5);
    return { x: gap * (0.5 + (index - row * first) + row * 0.5), y: 9 + row * 15 };
  }

  #hop() { return { x: this.#width / 2, y: this.#height * 0.53, w: this.#width * 0.78, h: 22 }; }

  #origin() { return { x: this.#width / 2, y: this.#height - 15, w: this.#width * 0.78, h: 28 }; }

  #end(kind, dot) {
    if (kind === "client") return this.#place(dot.who);
    const box = kind === "hop" ? this.#hop() : this.#origin();
    const spread = dot.from === "hop" ? 0.2 : 0.8;
    const above = kind === "origin" || dot.to === "hop";
    return { x: box.x + dot.drift * box.w * spread, y: box.y + (above ? -box.h / 2 : box.h / 2) };
  }

  /** Draws the moment at, when the scoreboard showed a change since another moment. */
  draw(at, change, since, ink, still) {
    this.#play(at, still);
    const c = this.context;
    c.clearRect(0, 0, this.#width, this.#height);
    if (this.kind.held) this.#lines(c, ink);
    if (!still) {
      this.#requestDots(c, at, ink);
      this.#pulseDots(c, at, ink);
    }
    this.#box(c, this.#origin(), `origin  #${change}`, ink.cost, ink, still ? 0 : this.#glow(at));
    if (!still) this.#ripple(c, at - since, ink);
    if (this.kind.hop) this.#box(c, this.#hop(), "pollmux", ink.mux, ink, 0);
    this.#clients(c, change, ink);
  }

  // Takes events whose time has come.
  #play(at, still) {
    while (this.#events.length && this.#events[0].at <= at + PULSE) {
      const event = this.#events.shift();
      if (still || event.at < at - PULSE) this.#have(event);
      else this.#pulses.push(event);
    }
    this.#pulses = this.#pulses.filter((p) => p.at > at || this.#have(p));
    this.#dots = this.#dots.filter((d) => d.begin + FLIGHT > at || this.#arrive(d));
  }

  #have({ client, change }) {
    this.#has.set(client, Math.max(change, this.#has.get(client) ?? 0));
    return false;
  }

  #arrive(dot) {
    if (dot.to === "origin") this.flash = dot.begin + FLIGHT;
    return false;
  }

  #glow(at) { return Math.max(0, 1 - Math.abs(at - this.flash) / FLASH); }

  #lines(c, ink) {
    const hop = this.#hop();
    c.strokeStyle = ink.line;
    c.lineWidth = 1;
    c.beginPath();
    for (let i = -1; i < this.#count; i++) {
      const p = this.#place(i);
      c.moveTo(p.x, p.y);
      c.lineTo(this.#foot(p), hop.y - hop.h / 2);
    }
    c.stroke();
  }

  // Where a client's line meets pollmux.
  #foot(p) { return this.#width / 2 + (p.x - this.#width / 2) * 0.74; }

  #requestDots(c, at, ink) {
    for (const dot of this.#dots) {
      const t = (at - dot.begin) / FLIGHT;
      if (t < 0 || t > 1) continue;
      const from = this.#end(dot.from, dot);
      const to = this.#end(dot.to, dot);
      const costs = dot.to === "origin";
      c.fillStyle = costs ? ink.cost : ink.muted;
      c.globalAlpha = costs ? 1 : 0.55;
      c.beginPath();
      c.arc(from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t, costs ? 3 : 2, 0, 7);
      c.fill();
    }
    c.globalAlpha = 1;
  }

  #pulseDots(c, at, ink) {
    const box = this.kind.hop ? this.#hop() : this.#origin();
    c.strokeStyle = ink.fresh;
    c.lineWidth = 2;
    for (const pulse of this.#pulses) {
      const t = Math.min(1, Math.max(0, 1 - (pulse.at - at) / PULSE));
      const to = this.#place(pulse.client);
      const from = { x: this.#foot(to), y: box.y - box.h / 2 };
      c.globalAlpha = 0.35 + 0.65 * t;
      c.beginPath();
      c.moveTo(from.x + (to.x - from.x) * Math.max(0, t - 0.35), from.y + (to.y - from.y) * Math.max(0, t - 0.35));
      c.lineTo(from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t);
      c.stroke();
    }
    c.globalAlpha = 1;
  }

  #box(c, box, text, colour, ink, glow) {
    c.beginPath();
    c.roundRect(box.x - box.w / 2, box.y - box.h / 2, box.w, box.h, 7);
    c.fillStyle = ink.card;
    c.fill();
    c.globalAlpha = 0.12 + 0.6 * glow;
    c.fillStyle = colour;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = colour;
    c.lineWidth = 1.5;
    c.stroke();
    c.fillStyle = ink.ink;
    c.font = "600 12px system-ui, sans-serif";
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(text, box.x, box.y + 0.5);
  }

  #ripple(c, age, ink) {
    if (age < 0 || age > RIPPLE) return;
    const t = age / RIPPLE;
    const box = this.#origin();
    c.globalAlpha = 1 - t;
    c.strokeStyle = ink.ink;
    c.lineWidth = 2;
    c.beginPath();
    c.roundRect(box.x - box.w / 2 + 1 + t * 8, box.y - box.h / 2 + 1 + t * 4, box.w - 2 - t * 16, box.h - 2 - t * 8, 6);
    c.stroke();
    c.globalAlpha = 1;
  }

  #clients(c, change, ink) {
    for (let i = -1; i < this.#count; i++) {
      const p = this.#place(i);
      const fresh = (this.#has.get(i) ?? change) >= change;
      c.beginPath();
      c.arc(p.x, p.y, fresh ? 4.5 : 3.5, 0, 7);
      c.fillStyle = fresh ? ink.fresh : ink.card;
      c.fill();
      if (!fresh) {
        c.lineWidth = 2;
        c.strokeStyle = ink.stale;
        c.stroke();
      }
      if (i >= 0) continue;
      c.beginPath();
      c.arc(p.x, p.y, 7, 0, 7);
      c.lineWidth = 1.8;
      c.strokeStyle = ink.you;
      c.stroke();
    }
  }
}
