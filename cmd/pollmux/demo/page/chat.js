// One room, two clients on one URL: an old one that polls and posts, and a new one
// that listens and talks on a WebSocket. What people say is only ever set as text.

import { say, seconds } from "./format.js";

const PATH = "/api/room/messages";
const PACE = 3000;
const KEPT = 60;
const guest = `guest${Math.floor(Math.random() * 900 + 100)}`;

class Log {
  #last = -1;
  #lates = [];

  constructor(name, clock, author) {
    this.clock = clock;
    this.author = author;
    this.list = document.getElementById(`${name}-log`);
    this.hears = document.getElementById(`${name}-hears`);
    this.trouble = document.getElementById(`${name}-trouble`);
  }

  forget() {
    this.#last = -1;
    this.#lates = [];
    this.list.replaceChildren();
    say(this.hears, "");
  }

  // The first sight of the room is its past, and no news.
  take(room) {
    const first = this.#last < 0;
    const news = room.messages.filter((m) => m.id > this.#last);
    if (first) this.#last = 0;
    if (!news.length) return;
    const end = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    for (const message of news) this.#add(message, first ? null : Math.max(0, this.clock.now() - Date.parse(message.at)));
    this.#last = news.at(-1).id;
    while (this.list.children.length > KEPT) this.list.firstChild.remove();
    if (end || first) this.list.scrollTop = this.list.scrollHeight;
    this.#lates = this.#lates.slice(-30);
    const mean = this.#lates.reduce((sum, late) => sum + late, 0) / this.#lates.length;
    if (this.#lates.length) say(this.hears, `${seconds(mean / 1000)} late`);
  }

  #add(message, late) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    const from = document.createElement("b");
    const when = document.createElement("small");
    const mine = message.from.startsWith(`${guest}-`);
    from.textContent = mine ? `you (${message.from.endsWith("-old") ? "old client" : "WebSocket"})` : message.from;
    text.append(from, ` ${message.text}`);
    if (mine) item.classList.add("mine");
    if (late != null) {
      this.#lates.push(late);
      when.textContent = `+${seconds(late / 1000)}`;
      when.className = late > 1000 ? "late" : "soon";
    }
    item.append(text, when);
    this.list.append(item);
  }
}

export class Chat {
  #timer = 0;
  #socket = null;
  #on = false;

  constructor(clock) {
    this.old = new Log("old", clock, `${guest}-old`);
    this.new = new Log("new", clock, `${guest}-new`);
    this.bar = document.getElementById("old-next");
    this.#form("old", (message) => this.#post(message));
    this.#form("new", (message) => this.#send(message));
  }

  #form(name, send) {
    const input = document.getElementById(`${name}-text`);
    document.getElementById(`${name}-form`).addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (!text) return;
      const log = this[name];
      try {
        await send(JSON.stringify({ from: log.author, text }));
        say(log.trouble, "");
        if (input.value.trim() === text) input.value = "";
      } catch (error) {
        say(log.trouble, `not sent: ${error.message}`);
      }
    });
  }

  async #post(body) {
    const response = await fetch(PATH, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
  }

  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) throw new Error("the WebSocket is not open");
    this.#socket.send(message);
  }

  start() {
    if (this.#on) return;
    this.#on = true;
    this.#poll();
    this.#listen();
  }

  stop() {
    this.#on = false;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  forget() {
    this.old.forget();
    this.new.forget();
  }

  async #poll() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#poll(), PACE);
    this.bar.getAnimations().forEach((a) => a.cancel());
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.bar.animate([{ transform: "scaleX(0)" }, { transform: "scaleX(1)" }], PACE);
    }
    try {
      const response = await fetch(PATH, { cache: "no-store" });
      if (response.ok && this.#on) this.old.take(await response.json());
    } catch { /* in three seconds again */ }
  }

  #listen() {
    if (!this.#on) return;
    const socket = (this.#socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${PATH}`));
    socket.onmessage = (event) => this.new.take(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (event.code === 1008 && event.reason) say(this.new.trouble, event.reason);
      if (socket === this.#socket) setTimeout(() => this.#listen(), 1000);
    };
  }
}
