// The sums since the start.

function sums({ stats, now }) {
  const t = stats.totals;
  const limits = sum(stats.limit_hits);
  const cards = [
    ["Clients held now", count(sum(t.subscribers)), `${named(t.subscribers) || "none"}; ${count(stats.connections)} connections`],
    ["Requests of clients", count(sum(t.client_requests)), [named(t.client_requests) || "none yet", named(t.unshared)].filter(Boolean).join("; not shared: ")],
    ["Requests to the origins", count(sum(t.upstream_requests)), named(t.upstream_requests) || "none yet"],
    ["Origins were spared", bytes(t.saved_bytes), `and ${time(t.saved_origin_seconds)} of answering`],
    ["Staleness p50, p99", quantiles(now.totals.staleness_p50_seconds, now.totals.staleness_p99_seconds), `since the start: ${quantiles(t.staleness_seconds.p50, t.staleness_seconds.p99)}`],
    ["Delivery p50, p99", quantiles(now.totals.delivery_p50_seconds, now.totals.delivery_p99_seconds), `since the start: ${quantiles(t.delivery_seconds.p50, t.delivery_seconds.p99)}; ${count(t.updates)} updates went out ${count(t.deliveries)} times`],
    ["Errors of origins", count(t.upstream_errors), `${rate(now.totals.errors_per_second)}/s now; ${count(t.upstream_not_modified)} answers were 304`, now.totals.errors_per_second > 0],
    ["Limits reached", count(limits), named(stats.limit_hits) || "none"],
  ];
  become(part("sums"), cards.map(([what, figure, detail, bad]) => make("div", "card", make("dt", "", what), make("dd", bad ? "bad" : figure.length > 9 ? "long" : "", figure), make("dd", "", detail))));
}
