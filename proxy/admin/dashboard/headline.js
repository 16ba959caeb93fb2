// The headline: what was saved, and what is just now.

const WINDOW = 10_500; // of the rates, in milliseconds

class Headline {
  constructor() {
    this.notes = []; // [time, would have been sent, was sent]
  }

  // Rates over the last seconds; as long as they are too few, those of the last step.
  rates(told) {
    const t = told.stats.totals;
    const note = [Date.parse(told.at), t.client_requests.poll + t.client_requests.pass + t.saved_requests_estimated, sum(t.upstream_requests)];
    const last = this.notes.at(-1);
    if (last && (note[0] < last[0] || note[2] < last[2])) this.notes = []; // began anew
    this.notes.push(note);
    while (note[0] - this.notes[0][0] > WINDOW && this.notes.length > 2) this.notes.shift();
    const [first, took] = [this.notes[0], (note[0] - this.notes[0][0]) / 1000];
    if (took < 2) return { would: told.now.totals.would_per_second, origin: told.now.totals.origin_per_second };
    return { would: Math.max(0, note[1] - first[1]) / took, origin: (note[2] - first[2]) / took };
  }

  show(told) {
    const t = told.stats.totals;
    say(part("saved"), count(t.saved_requests_measured + t.saved_requests_estimated));
    say(part("measured"), count(t.saved_requests_measured));
    say(part("estimated"), count(t.saved_requests_estimated));
    const { would, origin } = this.rates(told);
    say(part("would"), rate(would));
    say(part("origin"), rate(origin));
    say(part("spared"), would > 0 ? percent(would - origin, would) : "–");
    const failing = told.feeds.stale > 0;
    part("spared").classList.toggle("bad", failing);
    say(part("spared-text"), would === 0 ? "no client at the moment" : failing ? "spared, over the last 10 s, while polls fail" : "spared, over the last 10 s");
  }
}
