// The line to the admin listener: its event stream, read with fetch rather than an
// EventSource, which can send no token, gives up for good on some answers, and does
// not notice that a line is dead.

const SILENCE = 30_000; // the stream beats three times as often
const HIDDEN = 60_000; // for how long a page that nobody sees keeps its line
const LONGEST = 10_000; // between two attempts

const sleep = (ms) => new Promise((over) => setTimeout(over, ms));

// The events of a stream (WHATWG HTML section 9.2.6), as {event, data, retry}.
async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let [rest, event] = ["", {}];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        yield event;
        event = {};
        continue;
      }
      const colon = line.indexOf(":");
      const name = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      event[name] = name === "data" && event.data != null ? `${event.data}\n${text}` : text;
    }
  }
}

class Line {
  // opened is awaited before each stream, told called with what comes, lost with why
  // there is no line.
  constructor(path, { opened, told, lost }) {
    Object.assign(this, { path, opened, told, lost, retry: 1000, failures: 0 });
    document.addEventListener("visibilitychange", () => this.seen());
  }

  async run() {
    for (;;) {
      await this.visible();
      try {
        await this.once();
      } catch (error) {
        if (error instanceof Unauthorized) {
          await login(error.message);
          continue;
        }
        this.failures++;
        if (!this.paused) this.lost(error);
      }
      if (!this.paused) await this.pause();
    }
  }

  // One stream, to its end.
  async once() {
    this.cut = new AbortController();
    let [silence, news] = [null, false];
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.cut.abort(new Error("nothing was heard for half a minute")), SILENCE);
    };
    try {
      heard();
      await this.opened();
      const response = await ask(this.path, this.cut.signal);
      for await (const event of events(response.body, heard)) {
        if (event.retry) this.retry = Number(event.retry) || this.retry;
        if (event.data == null || event.event) continue;
        [this.failures, news] = [0, true];
        this.told(JSON.parse(event.data));
      }
    } finally {
      clearTimeout(silence);
    }
    this.failures = 0; // it said when to come back
    this.lost(new Error(news ? "pollmux has ended the stream" : "pollmux is stopping, or too many look at it"));
  }

  // Between two attempts: longer and longer, and not all viewers at once.
  async pause() {
    const longest = Math.min(LONGEST, this.failures ? 250 * 2 ** Math.min(this.failures, 10) : this.retry);
    await Promise.race([sleep(longest * (0.5 + Math.random() / 2)), new Promise((now) => { this.hurry = now; })]);
  }

  // A page that nobody sees gives its line up after a while.
  seen() {
    clearTimeout(this.leaving);
    if (document.hidden) {
      this.leaving = setTimeout(() => {
        this.paused = true;
        this.cut?.abort(new Error("nobody looks"));
      }, HIDDEN);
      return;
    }
    this.paused = false;
    this.resume?.();
    this.hurry?.();
  }

  async visible() {
    while (this.paused) await new Promise((now) => { this.resume = now; });
  }
}
