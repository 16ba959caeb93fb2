// What is wrong, the worst first: what somebody who was woken has to look at.

const MOST_WRONG = 12;

class Wrong {
  constructor() {
    this.limits = new Map(); // name of a limit → [hits, when there were more of them last]
  }

  // What is not as it should be, of what was told.
  find(told) {
    const { stats, now } = told;
    return [
      told.unready && `not ready: ${told.unready}`,
      told.feeds.stale && this.stale(told.feeds),
      ...told.routes.filter((r) => r.now.errors_per_second > 0).map((r) => `the origin fails requests of ${r.name}: ${rate(r.now.errors_per_second)}/s`),
      stats.config?.last_error && `the configuration was not reloaded: ${stats.config.last_error}`,
      ...this.states(stats, ""),
      ...(stats.budgets ?? []).filter((b) => b.resting_seconds > 0).map((b) => `upstream ${b.upstream} wants to be left alone for ${time(b.resting_seconds)}`),
      ...(stats.budgets ?? []).filter((b) => b.stretched).map((b) => `the budget of upstream ${b.upstream} is too small for the intervals of its routes`),
      ...this.reached(stats.limit_hits ?? {}, Date.parse(told.at)),
      now.totals.origin_per_second > 1.05 * now.totals.would_per_second + 1 && "the origins get more than clients would have sent",
    ].filter(Boolean);
  }

  // Stale feeds come first of all that are told.
  stale({ stale, top }) {
    if (stale === 1) return `1 feed is stale: ${top[0].stale}`;
    return `${count(stale)} feeds are stale, one of ${top[0].route}: ${top[0].stale}`;
  }

  // Limits that were reached within the last minute.
  reached(hits, at) {
    for (const [name, n] of Object.entries(hits)) {
      const last = this.limits.get(name);
      if (!last || n < last[0]) this.limits.set(name, [n, -Infinity]);
      else if (n > last[0]) this.limits.set(name, [n, at]);
    }
    return [...this.limits].filter(([, [, when]]) => at - when < 60_000).map(([name]) => `the limit ${name} is being reached`);
  }

  // Whatever says that its state is not good, such as a server.
  states(v, path, depth = 0) {
    if (!isObject(v) || depth === DEEPEST) return [];
    return Object.entries(v).flatMap(([name, one]) => {
      if (depth === 0 && SHOWN.has(name)) return [];
      if (isState(name, one)) return GOOD.has(one) || one === "" ? [] : [`${path} is ${one}`];
      const called = isObject(one) ? one.url ?? one.address ?? one.server ?? one.name ?? (Array.isArray(v) ? Number(name) + 1 : name) : name;
      return this.states(one, `${path} ${called}`.trim(), depth + 1);
    });
  }

  show(told) {
    const all = this.find(told);
    part("wrong-section").hidden = all.length === 0;
    const items = all.slice(0, MOST_WRONG).map((text) => make("li", "", text));
    if (all.length > MOST_WRONG) items.push(make("li", "", `and ${count(all.length - MOST_WRONG)} more`));
    become(part("wrong"), items);
    if (told.unready) state("warned", `not ready: ${told.unready}`);
    else if (all.length) state("warned", all.length === 1 ? "1 thing is wrong" : `${count(all.length)} things are wrong`);
    else state("up", "live");
  }
}

function state(kind, text) {
  part("state").className = kind;
  say(part("state"), text);
  document.body.classList.toggle("down-since", kind === "down");
}
