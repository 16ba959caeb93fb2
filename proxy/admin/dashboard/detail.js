// The details of one route, in a window over the others.

const KNOWN = new Set(["name", "client_requests", "upstream_requests", "upstream_not_modified", "upstream_errors", "saved_requests_measured", "saved_requests_estimated",
  "saved_bytes", "saved_origin_seconds", "feeds", "subscribers", "updates", "deliveries", "staleness_seconds", "delivery_seconds", "unshared", "observed", "now", "trend"]);

const facts = (title, ...rows) => make("section", "", make("h3", "", title), make("dl", "facts", ...rows.filter(Boolean).map(([name, ...content]) => make("div", "", make("dt", "", name), make("dd", "", ...content)))));

class Detail {
  constructor() {
    this.window = part("detail");
    part("detail-close").addEventListener("click", () => this.window.close());
    this.window.addEventListener("click", (e) => e.target === this.window && this.window.close()); // beside it
    this.window.addEventListener("close", () => { this.name = null; });
    this.past = new Past("");
    this.hour = new Hour(part("detail-hour"), this.past);
  }

  open(name) {
    this.name = name;
    this.past.clear();
    this.past.path = `api/history?route=${encodeURIComponent(name)}`;
    say(part("detail-title"), name);
    this.window.showModal();
    this.show(this.told);
    this.load(name);
  }

  async load(name) {
    try {
      await this.past.load();
    } catch { /* the line, which tells of it, comes again */ }
    if (this.name === name) this.hour.show();
  }

  show(told) {
    this.told = told;
    const r = told?.routes.find((one) => one.name === this.name);
    if (!this.window.open || !r) return;
    if (this.past.until && !this.past.add(told.now.until, r.now)) this.load(this.name);
    this.hour.show();
    become(part("detail-facts"), this.facts(r, told.feeds.top.filter((f) => f.route === r.name)));
  }

  facts(r, feeds) {
    const answered = sum(r.client_requests) - r.client_requests.pass;
    const more = Object.keys(r).filter((name) => !KNOWN.has(name));
    return [
      facts("Clients", ["requests", list(r.client_requests, TRANSPORTS)], ["held now", list(r.subscribers, TRANSPORTS)],
        ["answered at once, without the origin", `${count(r.saved_requests_measured)} of ${count(answered)}, ${percent(r.saved_requests_measured, answered)}`],
        ["could not be shared, why", list(r.unshared)]),
      facts("Origin", ["requests", list(r.upstream_requests)], ["304, nothing new", count(r.upstream_not_modified)], ["errors", count(r.upstream_errors), `, ${rate(r.now.errors_per_second)}/s now`]),
      facts("Saved", ["measured", count(r.saved_requests_measured)], ["estimated, of held clients", count(r.saved_requests_estimated)], ["bytes", bytes(r.saved_bytes)], ["time of the origin", time(r.saved_origin_seconds)]),
      facts("Updates", ["new versions", count(r.updates)], ["delivered", count(r.deliveries)],
        ["staleness p50, p99", `${quantiles(r.now.staleness_p50_seconds, r.now.staleness_p99_seconds)}; since the start ${quantiles(r.staleness_seconds.p50, r.staleness_seconds.p99)}`],
        ["delivery p50, p99", `${quantiles(r.now.delivery_p50_seconds, r.now.delivery_p99_seconds)}; since the start ${quantiles(r.delivery_seconds.p50, r.delivery_seconds.p99)}`]),
      facts("Feeds", ["live", count(r.feeds)], ...feeds.slice(0, 10).map((f) => [make("code", "", f.feed), `${count(f.clients)} clients, ${bytes(f.bytes)}, ${f.stale ? `stale: ${f.stale}` : "live"}`])),
      ...more.map((name) => make("section", "", make("h3", "", words(name)), tell(name, r[name]))),
    ];
  }
}

const detail = new Detail();
