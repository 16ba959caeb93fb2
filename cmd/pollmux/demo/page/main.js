// The page: what is told over the link is drawn in five lanes, while the visitor's
// own browser is one more client of each.

import { Camera } from "./camera.js";
import { Chat } from "./chat.js";
import { Friends } from "./friends.js";
import { milliseconds, say } from "./format.js";
import { headline } from "./headline.js";
import { Lane, LANES } from "./lane.js";
import { Link } from "./link.js";
import { HOLDING, Me } from "./me.js";
import { Sliders } from "./sliders.js";
import { Turn } from "./turn.js";

const LAG = 600; // what is drawn is this old, so that all of it is known
const ELSEWHERE = "held by another window of yours";

const part = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

const link = new Link();
const turn = new Turn();
const chat = new Chat(link);
const camera = new Camera();
const friends = new Friends(["alice", "bob"]);
const sliders = new Sliders(["clients", "pollmux"]);
const lanes = LANES.map((kind) => new Lane(kind, part("lane"), part("lanes")));
const byName = Object.fromEntries(lanes.map((lane) => [lane.kind.name, lane]));
const me = new Me((name, game) => byName[name].hear(game, link.now(), told?.changes ?? []));

let told = null;
let hasTurn = false;
let ink = {};

// Being a client, only while somebody looks and somebody answers.

function watch() {
  const names = Object.keys(byName).filter((name) => hasTurn || !HOLDING.includes(name));
  me.watch(names, told.setting, milliseconds(told.setting.clients));
}

function begin() {
  hasTurn = true;
  watch();
  camera.stream();
}

link.addEventListener("up", async ({ detail }) => {
  document.body.classList.remove("away");
  status("up", "live");
  take(detail);
  for (const name of HOLDING) byName[name].without(ELSEWHERE);
  camera.without(ELSEWHERE);
  watch();
  camera.start();
  friends.start();
  chat.start();
  turn.want(begin);
  try { // what was before this page
    take(await (await fetch("/demo/history", { cache: "no-store" })).json());
  } catch { /* it begins with nothing, then */ }
});

link.addEventListener("down", () => {
  turn.giveUp();
  hasTurn = false;
  me.watch([]);
  chat.stop();
  friends.stop();
  camera.stop();
  if (document.hidden) return;
  document.body.classList.add("away");
  status("down", "server is away");
});

link.addEventListener("restart", () => {
  lanes.forEach((lane) => lane.forget());
  chat.forget();
});

link.addEventListener("told", ({ detail }) => {
  take(detail);
  watch();
});

function status(kind, text) {
  part("link").className = `link ${kind}`;
  say(part("link").querySelector("span"), text);
}

document.addEventListener("visibilitychange", () => (document.hidden ? link.close() : link.open()));

// What is told.

function take(news) {
  told = news;
  for (const lane of news.lanes) byName[lane.name].take(news, lane, news.clients);
  say(part("people"), `${news.clients + 1} clients`);
  sliders.take(news.setting, news.choices);
  headline(news.lanes);
}

// What is drawn.

function colours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["card", "ink", "muted", "line", "cost", "fresh", "stale", "mux", "you"]) {
    ink[name] = style.getPropertyValue(`--${name}`).trim();
  }
}

function draw() {
  if (!told) return;
  const at = link.now() - LAG;
  const most = milliseconds(told.setting.clients) + milliseconds(told.setting.pollmux);
  const [number, since] = told.changes.findLast(([, when]) => when <= at) ?? [0, 0];
  for (const lane of lanes) {
    lane.picture.draw(at, number, since, ink, still.matches);
    lane.strip.draw(at, lane.points, told.changes, lane.median, most, ink);
  }
}

let drawn = 0;
function frame(time) {
  if (link.up && time - drawn > (still.matches ? 250 : 15)) {
    drawn = time;
    draw();
  }
  requestAnimationFrame(frame);
}

// What never changes while the page is open.

colours();
dark.addEventListener("change", colours);
say(part("curl"), `curl -N -H 'Accept: text/event-stream' ${location.origin}/api/scores`);
setInterval(() => lanes.forEach((lane) => lane.describe()), 5000);
link.addEventListener("told", ({ detail }) => { part("dashboard").href = detail.admin; });
if (!document.hidden) link.open();
requestAnimationFrame(frame);
