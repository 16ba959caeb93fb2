// The sums since the start.

function sums(stats) {
  const t = stats.totals;
  const named = (counts) => Object.entries(counts ?? {}).filter(([, n]) => n).map(([name, n]) => `${name} ${count(n)}`).join(", ");
  const limits = sum(stats.limit_hits);
  const cards = [
    ["Requests saved", count(t.saved_requests_measured + t.saved_requests_estimated), `${count(t.saved_requests_measured)} measured, ${count(t.saved_requests_estimated)} estimated`],
    ["Origins were spared", bytes(t.saved_bytes), `and ${time(t.saved_origin_seconds)} of answering`],
    ["Upstream requests", count(sum(t.upstream_requests)), named(t.upstream_requests) || "none yet"],
    ["Clients held now", count(sum(t.subscribers)), named(t.subscribers) || "none"],
    ["Live feeds", count(t.feeds), `${count(t.updates)} updates, ${count(t.deliveries)} deliveries`],
    ["Upstream errors", count(t.upstream_errors), `${count(t.upstream_not_modified)} answers were 304`, t.upstream_errors > 0],
    ["Limits reached", count(limits), named(stats.limit_hits) || "none", limits > 0],
  ];
  const all = part("sums");
  cards.forEach(([what, figure, detail, bad], i) => {
    const card = all.children[i] ?? all.appendChild(make("div", "card"));
    if (!card.children.length) card.append(make("dt"), make("dd"), make("dd"));
    say(card.children[0], what);
    say(card.children[1], figure);
    say(card.children[2], detail);
    card.children[1].classList.toggle("bad", Boolean(bad));
  });
}
