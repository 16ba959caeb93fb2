// What routes in mode observe found out: a row for how they would share, and one
// for what it would be without identities.

const VERDICTS = {
  same: ["good", "safe, as far as seen", "who would share was given the same"],
  differs: ["bad", "not safe", "who would share was given something else"],
  unknown: ["", "not known yet", "too little was seen"],
};

function observed(stats) {
  const all = [];
  for (const r of stats.routes) {
    for (let o = r.observed; o; o = o.if_public) all.push({ name: r.name, configured: o === r.observed, ...o });
  }
  part("observed-section").hidden = all.length === 0;
  table("observed", all, (o) => `${o.name} ${o.share}`, (o) => {
    const [className, verdict, why] = VERDICTS[o.verdict] ?? ["", o.verdict, ""];
  const details = [`${count(o.same)} same, ${count(o.changed)} changed`, make("small", o.differing ? "bad" : "", `${count(o.differing)} differ by client`)];
    if (o.apart) details.push(`${count(o.apart)} of one identity`);
    if (o.alike) details.push(`${count(o.alike)} × others given the same`);
    if (o.credentials_withheld) details.push(`${count(o.credentials_withheld)} sent credentials, a poll will not`);
    return [
      ["name", o.name],
      ["", make("code", "", o.share), ...(o.configured ? [] : [make("small", "", "if it were set")])],
      ["", make("b", className, verdict), make("small", "", why)],
      ["n", count(o.requests), make("small", "", o.resources === 1 ? "1 resource" : `${count(o.resources)} resources`)],
      ["", ...figure(o.would_save_requests, share(o.would_save_requests, o.requests), `${bytes(o.would_save_bytes)}, ${time(o.would_save_origin_seconds)}`)],
      ["", ...figure(o.compared, ...details)],
      ["", ...separators(o)],
      ["", sum(o.unshareable) ? list(o.unshareable) : "–"],
    ];
  });
}

const share = (n, all) => `${Math.round((100 * n) / Math.max(all, 1))} % of the requests`;

const named = (s) => (s.kind === "address" || s.kind === "connection" ? s.name : `${s.kind} ${s.name}`);

// What separates what differs; or what was ruled out.
function separators(o) {
  if (o.separators.length) {
    return o.separators.slice(0, 4).map((s, i) => make(i ? "small" : "b", i ? "" : "bad", `${named(s)}: ${Math.round(100 * s.explains)} % of ${count(s.pairs)} pairs`));
  }
  if (o.differing) return [make("span", "warn", "nothing in the requests")];
  if (!o.ruled_out.length) return ["–"];
  return o.ruled_out.slice(0, 4).map((s) => make("small", "", `not by ${named(s)}: ${count(s.pairs)} pairs`));
}
