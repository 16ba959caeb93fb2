// One lane: its card, and what is known of its clients. Times are in milliseconds
// on the demo's clock.

import { Picture } from "./picture.js";
import { Strip } from "./strip.js";
import { rate, say, seconds } from "./format.js";

const MEMORY = 32_000; // of what the strip shows
const SHOWN = 40; // clients that are drawn one by one

export const LANES = [
  {
    name: "direct", letter: "A", title: "Polling", tag: "no pollmux", ask: "GET /scores   again and again", hop: false,
    why: "Every client keeps asking the origin itself, mostly to be told that nothing is new, and hears of a change when it next asks.",
  },
  {
    name: "poll", letter: "B", title: "Polling", tag: "via pollmux", ask: "GET /scores   again and again", hop: true,
    why: "The same old clients, unchanged. pollmux asks once and answers them all: far cheaper, though no sooner than they ask.",
  },
  {
    name: "longpoll", letter: "C", title: "Long polling", tag: "via pollmux", ask: "Prefer: wait=25", hop: true, held: true,
    why: "A client asks once, and pollmux keeps the question open until there is news. Then the client asks again.",
  },
  {
    name: "stream", letter: "D", title: "Streaming", tag: "via pollmux", ask: "Accept: text/event-stream", hop: true, held: true,
    why: "One answer that never ends: each change is written to it at once. Here as SSE, NDJSON and multipart, a third each.",
  },
  {
    name: "websocket", letter: "E", title: "WebSocket", tag: "via pollmux", ask: "Upgrade: websocket", hop: true, held: true,
    why: "A line that stays open both ways: news come down it at once, and messages can go back up, as in the chat below.",
  },
];

export class Lane {
  #told = null; // the last that was told of it
  #from = 0; // number of the first hearing that was taken in, 0 before that
  #to = 0; // and of the last
  #known = -1; // the last change that this browser has; -1 before the first answer

  constructor(kind, template, parent) {
    this.kind = kind;
    const card = template.content.cloneNode(true).querySelector("article");
    const find = (name) => card.querySelector(name);
    card.classList.add(kind.name);
    for (const part of ["letter", "title", "tag", "ask", "why"]) find(`.${part}`).textContent = kind[part];
    this.parts = { rate: find(".rate"), median: find(".median"), last: find(".last"), mine: find(".mine") };
    this.picture = new Picture(find(".picture"), kind);
    this.strip = new Strip(find(".strip"));
    parent.append(card);
    this.forget();
  }

  /** Begins anew, as the demo did. */
  forget() {
    this.#told = null;
    this.#from = this.#to = 0;
    this.#known = -1;
    this.points = [];
    this.picture.forget();
    say(this.parts.mine, "waiting for the first answer");
  }

  /** Takes in what the demo tells of the lane. */
  take(now, told, clients) {
    this.picture.people(Math.min(clients, SHOWN));
    this.#requests(now, now.now, told);
    const news = told.hearings.filter(([number]) => number < this.#from || number > this.#to);
    for (const [, client, change, at, late] of news) this.#heard(client, change, at, late, false);
    for (const [number] of news) {
      this.#from = Math.min(this.#from || number, number);
      this.#to = Math.max(this.#to, number);
    }
    this.points = this.points.filter((p) => p.at > now.now - MEMORY);
    this.median = told.median;
    this.rate = told.per_second;
    say(this.parts.rate, rate(told.per_second));
    say(this.parts.median, seconds(told.median));
  }

  // What was counted since the last time is drawn as so many dots.
  #requests(now, at, told) {
    const last = this.#told;
    if (last && at <= last.at) return; // history
    this.#told = { requests: told.requests, asked: told.asked, at };
    if (!last || at - last.at > 2000) return;
    this.picture.requests(last.at, at, told.requests - last.requests, told.asked - last.asked);
  }

  #heard(client, change, at, late, mine) {
    this.points.push({ at, late, mine });
    this.picture.hear(client, change, at);
    say(this.parts.last, `last ${seconds(late / 1000)}`);
  }

  /** This browser has got the scoreboard, by way of the lane. */
  hear(game, at, changes) {
    const missed = changes.filter(([number]) => number > this.#known && number < game.changes);
    if (this.#known >= 0 && game.changes > this.#known) {
      for (const [number, since] of [...missed, [game.changes, Date.parse(game.updated_at)]]) {
        this.late = Math.max(at - since, 0);
        this.#heard(-1, number, at, this.late, true);
      }
    }
    this.#known = Math.max(this.#known, game.changes);
    const late = this.late == null ? "" : `${seconds(this.late / 1000)} late: `;
    say(this.parts.mine, `#${game.changes} ${late}${game.last_play || "play ball"}`);
  }

  /** This browser is no client of the lane, for a reason. */
  without(reason) { say(this.parts.mine, reason); }

  /** Says in words what is drawn. */
  describe() {
    const { title, tag } = this.kind;
    this.picture.describe(`${title}, ${tag}: ${rate(this.rate)} requests per second reach the origin.`);
    this.strip.describe(`How late clients heard of each change in the last 30 seconds: typically ${seconds(this.median)}.`);
  }
}
