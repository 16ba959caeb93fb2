// Some of the feeds: those that are stale, and those that most clients have. They
// have no URL and no key, which may hold secrets.

const feedsTable = new Table("feeds", {
  caption: "Live feeds",
  key: (f) => `${f.route} ${f.feed}`,
  empty: "No feed is live: nobody has asked for anything lately.",
  className: (f) => (f.clients === 0 && f.age_seconds > 10 ? "idle" : ""),
  columns: [
    { title: "Route", kind: "name", by: (f) => String(f.route), show: (f) => [f.route] },
    { title: "Feed", show: (f) => [make("code", "", f.feed), ...(f.private ? [make("small", "", "one user's")] : [])] },
    { title: "Clients", kind: "n", by: (f) => f.clients, show: (f) => [count(f.clients)] },
    { title: "Held", kind: "n", by: (f) => f.subscribers, show: (f) => [count(f.subscribers)] },
    { title: "Version", kind: "n", by: (f) => f.version, show: (f) => [f.version ? `#${count(f.version)}` : "–"] },
    { title: "Size", kind: "n", by: (f) => f.bytes, show: (f) => [f.version ? bytes(f.bytes) : "–"] },
    { title: "Age", kind: "n", by: (f) => f.age_seconds, show: (f) => [f.version ? time(Math.round(f.age_seconds * 10) / 10) : "–"] },
    { title: "State", by: feedState, show: (f) => [make("span", f.stale || f.alone ? "warn" : "", feedState(f))] },
  ],
});

function feedState(f) {
  if (f.stale) return `stale: ${f.stale}`;
  if (f.alone) return `each request alone: ${f.alone}`;
  return f.clients ? "live" : "polled only when asked";
}

function feeds({ count: all, top }) {
  feedsTable.show(top);
  say(part("feeds-count"), top.length < all ? `${count(all)}, of which those that are stale or have most clients are here` : count(all));
}
