// The last hour as a figure: which chart, how much of the time, and what it says
// under the pointer, or as the arrow keys move.

const perSecond = (v) => `${rate(v)}/s`;

const CHARTS = {
  requests: { title: "Requests", least: 1, unit: perSecond, series: [
    ["would_per_second", "clients would have sent", "saved", true], ["origin_per_second", "the origins got", "cost"]] },
  errors: { title: "Errors", least: 1, unit: perSecond, series: [["errors_per_second", "origins failed", "cost", true]] },
  held: { title: "Held clients", least: 4, unit: (v) => count(Math.round(v)), series: [["subscribers", "held", "mux", true]] },
  staleness: { title: "Staleness", least: 0.1, unit: time, series: [["staleness_p99_seconds", "p99", "warn"], ["staleness_p50_seconds", "p50", "mux", true]] },
  delivery: { title: "Delivery", least: 0.001, unit: time, series: [["delivery_p99_seconds", "p99", "warn"], ["delivery_p50_seconds", "p50", "mux", true]] },
  bytes: { title: "Bytes spared", least: 1024, unit: (v) => `${bytes(v)}/s`, series: [["saved_bytes_per_second", "the origins did not send", "saved", true]] },
};
const RANGES = [[3_600_000, "1 h"], [900_000, "15 min"], [300_000, "5 min"]];

class Hour {
  constructor(element, past) {
    Object.assign(this, { past, which: "requests", range: RANGES[0][0], chosen: false, cursor: null });
    const id = element.id;
    this.charts = choice(`${id}-which`, "What is shown", Object.entries(CHARTS).map(([name, c]) => [name, c.title]), (which) => this.show({ which }));
    this.ranges = choice(`${id}-range`, "Of how much time", RANGES, (range) => this.show({ range: Number(range), chosen: true }));
    this.legend = make("p", "legend");
    this.canvas = make("canvas");
    this.chart = new Chart(this.canvas);
    element.append(make("div", "choices", this.charts, this.ranges), this.canvas, this.legend);
    this.listen();
  }

  listen() {
    const c = this.canvas;
    c.tabIndex = 0;
    c.setAttribute("role", "slider");
    c.setAttribute("aria-label", "Time in the chart; the arrow keys move it");
    c.setAttribute("aria-valuemin", 0);
    c.addEventListener("pointermove", (e) => this.point(this.chart.at?.(e.offsetX) ?? null));
    c.addEventListener("pointerleave", () => this.point(null));
    c.addEventListener("blur", () => this.point(null));
    c.addEventListener("keydown", (e) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity }[e.key];
      if (steps == null && e.key !== "Escape") return;
      e.preventDefault();
      this.point(steps == null ? null : (this.cursor ?? this.past.until) + steps * this.past.step);
    });
  }

  // Marks a time; null marks none.
  point(at) {
    const [first, last] = [this.past.until - this.range, this.past.until];
    this.show({ cursor: at == null || !last ? null : Math.max(first, Math.min(last, at)) });
  }

  // Until somebody has chosen, the axis is as long as what there is to see.
  fit() {
    if (this.chosen) return;
    const length = (this.past.series.subscribers?.length ?? 0) * this.past.step;
    this.range = (RANGES.findLast(([range]) => range >= length) ?? RANGES[0])[0];
    this.ranges.querySelector(`[value="${this.range}"]`).checked = true;
  }

  show(what = {}) {
    Object.assign(this, what);
    this.fit();
    const chart = CHARTS[this.which];
    const series = chart.series.map(([name, label, colour, filled]) => ({ label, colour, filled, points: this.past.points(name, this.range) }));
    const until = this.past.until ?? Date.now();
    this.chart.draw({ series, until, range: this.range, unit: chart.unit, least: chart.least, cursor: this.cursor });
    this.tell(series, chart.unit);
  }

  tell(series, unit) {
    const length = series[0].points.length;
    const at = this.cursor == null ? length - 1 : Math.max(0, length - 1 - Math.round((this.past.until - this.cursor) / this.past.step));
    const when = this.cursor == null || !length ? "now" : clock(series[0].points[at][0], true);
    become(this.legend, [make("span", "when", when), ...series.map((s) => make("span", "", make("i", `key ${s.colour}`), `${s.label} `, make("b", "", s.points[at] ? unit(s.points[at][1]) : "–")))]);
    this.canvas.setAttribute("aria-valuemax", Math.max(0, length - 1));
    this.canvas.setAttribute("aria-valuenow", Math.max(0, at));
    this.canvas.setAttribute("aria-valuetext", this.legend.textContent);
  }
}

// Some values, of which one is chosen.
function choice(name, label, values, chosen) {
  const group = make("fieldset", "choice", make("legend", "", label));
  values.forEach(([v, title], i) => {
    const input = make("input");
    Object.assign(input, { type: "radio", name, value: v, checked: i === 0 });
    input.addEventListener("change", () => chosen(input.value));
    group.append(make("label", "", input, make("span", "", title)));
  });
  return group;
}
