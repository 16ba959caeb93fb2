// The table of routes. A route is {...its statistics, now: its last point, trend}.

const routesTable = new Table("routes", {
  caption: "Routes. The button of a route opens its details.",
  key: (r) => r.name,
  empty: "There is no route.",
  className: (r) => (sum(r.client_requests) === 0 ? "idle" : ""),
  columns: [
    { title: "Route", kind: "name", by: (r) => String(r.name), show: (r) => [button(r.name, () => detail.open(r.name)), sum(r.client_requests) ? make("small", "", r.feeds === 1 ? "1 feed" : `${count(r.feeds)} feeds`) : null] },
    { title: "Now, per second", kind: "flow", by: (r) => r.now.would_per_second, show: (r) => (sum(r.client_requests) ? [make("span", "", ...flow(r.now)), spark(r.trend)] : ["–"]) },
    { title: "Saved", by: saved, show: (r) => figure(saved(r), `${count(r.saved_requests_measured)} measured`, `${count(r.saved_requests_estimated)} estimated`) },
    { title: "Held", by: (r) => sum(r.subscribers), show: (r) => figure(sum(r.subscribers), list(r.subscribers, TRANSPORTS)) },
    { title: "To the origin", by: (r) => sum(r.upstream_requests), show: (r) => figure(sum(r.upstream_requests), list(r.upstream_requests, ["poll", "authorize", "pass"])) },
    { title: "Errors", kind: "n", by: (r) => r.now.errors_per_second * 1e9 + r.upstream_errors, show: (r) => figure(r.upstream_errors, make("small", r.now.errors_per_second ? "bad" : "", `${rate(r.now.errors_per_second)}/s now`)) },
    { title: "Staleness p50, p99", kind: "n", by: (r) => r.now.staleness_p99_seconds, show: (r) => [quantiles(r.now.staleness_p50_seconds, r.now.staleness_p99_seconds)] },
    { title: "Delivery p50, p99", kind: "n", by: (r) => r.now.delivery_p99_seconds, show: (r) => [quantiles(r.now.delivery_p50_seconds, r.now.delivery_p99_seconds)] },
  ],
});

function saved(r) {
  return r.saved_requests_measured + r.saved_requests_estimated;
}

function flow(now) {
  return [make("b", "would", rate(now.would_per_second)), " → ", make("b", "origin", rate(now.origin_per_second))];
}

function routes(all) {
  routesTable.show(all);
  say(part("routes-count"), count(all.length));
}
