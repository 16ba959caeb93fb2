// The page's line to the demo: a bare WebSocket on a JSON resource that its
// server only knows how to answer. Each message is the whole resource.

const SILENCE = 4000; // after which a line counts as dead
const RETRY = 1000;

export class Link extends EventTarget {
  #socket = null;
  #timer = 0;
  #skews = [];
  #run = "";
  up = false;

  /** Milliseconds since 1970 on the demo's clock. */
  now() {
    return Date.now() - Math.min(...(this.#skews.length ? this.#skews : [0]));
  }

  open() {
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/demo/telemetry`);
    this.#socket = socket;
    this.#expect(socket);
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      this.#expect(socket);
      this.#take(JSON.parse(event.data));
    };
    socket.onclose = () => this.#lost(socket);
  }

  /** Hangs up on purpose. */
  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#down();
  }

  #expect(socket) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(socket), SILENCE);
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    socket.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), RETRY);
    this.#down();
  }

  #down() {
    const was = this.up;
    this.up = false;
    this.#skews = [];
    if (was) this.dispatchEvent(new Event("down"));
  }

  // The smallest difference of the clocks is the one with the least delay in it.
  #take(told) {
    this.#skews.push(Date.now() - told.now);
    if (this.#skews.length > 40) this.#skews.shift();
    const again = this.#run !== "" && this.#run !== told.run;
    this.#run = told.run;
    if (again) this.dispatchEvent(new CustomEvent("restart", { detail: told }));
    if (!this.up) {
      this.up = true;
      this.dispatchEvent(new CustomEvent("up", { detail: told }));
    }
    this.dispatchEvent(new CustomEvent("told", { detail: told }));
  }
}
