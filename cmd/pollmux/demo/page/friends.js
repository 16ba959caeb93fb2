// Two users of one URL. A list says whose it is, so that one in the wrong hands
// would show.

const PATH = "/api/friends";
const PACE = 2000;

export class Friends {
  #timer = 0;

  constructor(users) {
    this.users = users.map((user) => ({ user, list: document.getElementById(user) }));
  }

  start() {
    clearInterval(this.#timer);
    const all = () => this.users.forEach((one) => this.#ask(one));
    all();
    this.#timer = setInterval(all, PACE);
  }

  stop() { clearInterval(this.#timer); }

  async #ask({ user, list }) {
    try {
      const response = await fetch(PATH, { cache: "no-store", headers: { Authorization: `Bearer ${user}` } });
      if (response.ok) this.#show(user, list, await response.json());
    } catch { /* in two seconds again */ }
  }

  #show(user, list, answer) {
    if (answer.user !== user) {
      list.replaceChildren(row(`This is the list of ${answer.user}!`, "wrong"));
      return;
    }
    list.replaceChildren(...answer.friends.map((f) => row(f.name, f.online ? "online" : "")));
  }
}

function row(text, kind) {
  const item = document.createElement("li");
  item.className = kind;
  const state = kind === "online" ? "online" : "offline";
  const dot = document.createElement("i");
  dot.setAttribute("role", "img");
  dot.setAttribute("aria-label", state);
  item.append(dot, text);
  return item;
}
