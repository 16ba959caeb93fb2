// The history of the last hour: as the server keeps it, and gone on with what is
// told since.

class Past {
  // path is where the server tells it.
  constructor(path) {
    this.path = path;
    this.trends = new Map();
    this.clear();
  }

  clear() {
    this.until = null;
    this.step = 5000;
    this.series = {};
    this.fresh = 0;
  }

  async load() {
    const told = await (await ask(this.path)).json();
    this.step = told.step_seconds * 1000;
    this.until = Date.parse(told.until);
    this.series = told;
    this.fresh = 0;
    this.trends = new Map((told.routes ?? []).map((r) => [r.name, r]));
  }

  // Adds the point that ends until. Reports false if it does not follow, or a minute
  // is full, of which the trends know: then it is to be loaded again.
  add(until, point) {
    const steps = Math.round((Date.parse(until) - this.until) / this.step);
    if (this.until && steps === 0) return true;
    if (!this.until || steps !== 1 || ++this.fresh > 12) return false;
    this.until = Date.parse(until);
    for (const [name, v] of Object.entries(point)) {
      const all = this.series[name];
      if (!Array.isArray(all)) continue;
      all.push(v);
      if (all.length > 3_600_000 / this.step) all.shift();
    }
    return true;
  }

  // The points of the last so many milliseconds, as [time, value].
  points(name, range) {
    const all = this.series[name] ?? [];
    const first = Math.max(0, all.length - Math.round(range / this.step));
    return all.slice(first).map((v, i) => [this.until - (all.length - 1 - first - i) * this.step, v]);
  }
}
