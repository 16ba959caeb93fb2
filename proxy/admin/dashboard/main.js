// What is told is shown, and told again.

const past = new Past("api/history");
const hour = new Hour(part("hour"), past);
const headline = new Headline();
const wrong = new Wrong();
let told = null;
let lostAt = null;

// What the server tells, with what belongs together put together.
function arranged(news) {
  news.routes = news.stats.routes.map((r, i) => ({ ...r, now: news.now.routes[i], trend: past.trends.get(r.name) }));
  return news;
}

function show(news) {
  if (told && told.began !== news.began) reload(); // another process, whose history is another
  lostAt = null;
  told = arranged(news);
  if (past.until && !past.add(told.now.until, told.now.totals)) reload();
  processLine(told);
  headline.show(told);
  sums(told);
  routes(told.routes);
  budgets(told.stats.budgets);
  observed(told.stats.routes);
  other(told.stats);
  feeds(told.feeds);
  wrong.show(told);
  hour.show();
  detail.show(told);
}

async function reload() {
  try {
    await past.load();
    hour.show();
  } catch { /* the line, which tells of it, comes again */ }
}

function processLine({ process: p, at, began }) {
  const parts = [p.version, `up ${age((Date.parse(at) - Date.parse(began)) / 1000)}`, p.resident_bytes && bytes(p.resident_bytes), cpu(p, Date.parse(at)),
    p.open_files && `${count(p.open_files)} of ${count(p.max_open_files)} files`, `${count(p.goroutines)} goroutines`];
  say(part("process"), parts.filter(Boolean).join(" · "));
}

// The processor time since the last time, in percent of one core.
let cpuBefore = null;
function cpu(p, at) {
  const before = cpuBefore;
  cpuBefore = [at, p.cpu_seconds];
  if (!before || at <= before[0] || p.cpu_seconds < before[1]) return "";
  return `${Math.round((100_000 * (p.cpu_seconds - before[1])) / (at - before[0]))} % of a core`;
}

function lost(error) {
  lostAt ??= new Date();
  const reason = error instanceof TypeError || error.name === "TimeoutError" ? "the admin listener cannot be reached" : error.message;
  state("down", `${reason}, since ${clock(lostAt, true)}`);
}

const line = new Line("api/live", {
  opened: async () => {
    await past.load();
    admitted();
    hour.show();
  },
  told: show,
  lost,
});

addEventListener("resize", () => { hour.show(); detail.show(told); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { hour.show(); detail.show(told); });
hour.show();
line.run();
