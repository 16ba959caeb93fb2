// What routes in mode observe found out: a row for how they would share, and one
// for what it would be without identities.

const VERDICTS = {
  same: ["good", "safe, as far as seen", "who would share was given the same"],
  differs: ["bad", "not safe", "who would share was given something else"],
  unknown: ["", "not known yet", "too little was seen"],
};

const observedTable = new Table("observed", {
  caption: "Routes in mode observe",
  key: (o) => `${o.name} ${o.share} ${o.configured}`,
  empty: "",
  columns: [
    { title: "Route", kind: "name", show: (o) => [o.name] },
    { title: "Would share", show: (o) => [make("code", "", o.share), ...(o.configured ? [] : [make("small", "", "if it were set")])] },
    { title: "Verdict", show: verdict },
    { title: "Requests", kind: "n", show: (o) => [count(o.requests), make("small", "", o.resources === 1 ? "1 resource" : `${count(o.resources)} resources`)] },
    { title: "Would save", show: (o) => figure(o.would_save_requests, `${percent(o.would_save_requests, o.requests)} of the requests`, `${bytes(o.would_save_bytes)}, ${time(o.would_save_origin_seconds)}`) },
    { title: "Compared", show: (o) => figure(o.compared, ...comparison(o)) },
    { title: "Separated by", show: separators },
    { title: "Could not be shared, why", show: (o) => [list(o.unshareable)] },
  ],
});

function verdict(o) {
  const [className, text, why] = VERDICTS[o.verdict] ?? ["", String(o.verdict), ""];
  return [make("b", className, text), make("small", "", why)];
}

function comparison(o) {
  const details = [`${count(o.same)} same, ${count(o.changed)} changed`, make("small", o.differing ? "bad" : "", `${count(o.differing)} differ by client`)];
  if (o.apart) details.push(`${count(o.apart)} of one identity`);
  if (o.alike) details.push(`${count(o.alike)} × others given the same`);
  if (o.credentials_withheld) details.push(`${count(o.credentials_withheld)} sent credentials, a poll will not`);
  return details;
}

const nameOf = (s) => (s.kind === "address" || s.kind === "connection" ? s.name : `${s.kind} ${s.name}`);

// What separates what differs; or what was ruled out.
function separators(o) {
  if (o.separators.length) {
    return o.separators.slice(0, 4).map((s, i) => make(i ? "small" : "b", i ? "" : "bad", `${nameOf(s)}: ${Math.round(100 * s.explains)} % of ${count(s.pairs)} pairs`));
  }
  if (o.differing) return [make("span", "warn", "nothing in the requests")];
  if (!o.ruled_out.length) return ["–"];
  return o.ruled_out.slice(0, 4).map((s) => make("small", "", `not by ${nameOf(s)}: ${count(s.pairs)} pairs`));
}

function observed(routes) {
  const all = [];
  for (const r of routes) {
    for (let o = r.observed; o; o = o.if_public) all.push({ ...o, name: r.name, configured: o === r.observed });
  }
  part("observed-section").hidden = all.length === 0;
  observedTable.show(all);
}
