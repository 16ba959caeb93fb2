// The round: ask, show, and again.

let told = null;
let toldFeeds = [];
let feedsAt = 0;
let toldUnready = "";
let lostAt = null;

async function round() {
  try {
    const [stats, why] = await Promise.all([get("api/stats"), unready()]);
    const at = Date.now();
    remember("", at, stats.totals);
    for (const r of stats.routes) remember(`route ${r.name}`, at, r);
    [told, toldUnready] = [stats, why];
    if (toldFeeds.length < MANY_FEEDS || at - feedsAt > 10_000) {
      toldFeeds = await get("api/feeds");
      feedsAt = at;
    }
    lostAt = null;
    show();
  } catch (error) {
    lostAt ??= new Date();
    const reason = error.message.startsWith("the ") ? error.message : "the admin API cannot be reached";
    state("down", `${reason}, since ${lostAt.toLocaleTimeString()}`);
  }
  setTimeout(round, document.hidden ? 10 * PACE : PACE);
}

function state(kind, text) {
  part("state").className = kind;
  say(part("state"), text);
  document.body.classList.toggle("down-since", kind === "down");
}

// What is wrong, the worst first.
function health() {
  const stale = toldFeeds.filter((f) => f.stale).length;
  if (toldUnready) state("warned", `not ready: ${toldUnready}`);
  else if (stale) state("warned", stale === 1 ? "1 feed is stale" : `${count(stale)} feeds are stale`);
  else state("up", "live");
}

function show() {
  health();
  headline();
  sums(told);
  routes(told);
  observed(told);
  feeds(toldFeeds);
  chart();
}

for (const name of ["routes-filter", "feeds-filter"]) part(name).addEventListener("input", () => told && show());
addEventListener("resize", chart);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", chart);
chart();
round();
