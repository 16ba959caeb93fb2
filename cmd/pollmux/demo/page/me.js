// The visitor's own browser, as one client of each lane. What a lane's client
// gets, it gives to hear(lane, game).

const json = async (response) => (response.ok ? response.json() : Promise.reject(new Error(response.statusText)));

// A poller asks at its own pace, and skips a turn rather than ask twice at once.
function poll(url, pace, hear) {
  const ended = new AbortController();
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      hear(await json(await fetch(url, { cache: "no-store", signal: ended.signal })));
    } catch { /* the next turn may be better */ }
    asking = false;
  };
  ask();
  const timer = setInterval(ask, pace);
  return () => { clearInterval(timer); ended.abort(); };
}

function longpoll(url, hear) {
  const ended = new AbortController();
  (async () => {
    for (let tag = ""; !ended.signal.aborted;) {
      try {
        const headers = { Prefer: "wait=25", ...(tag && { "If-None-Match": tag }) };
        const response = await fetch(url, { cache: "no-store", headers, signal: ended.signal });
        if (response.status === 304) continue;
        hear(await json(response));
        tag = response.headers.get("ETag") ?? "";
      } catch {
        if (!ended.signal.aborted) await new Promise((again) => setTimeout(again, 1000));
      }
    }
  })();
  return () => ended.abort();
}

function stream(url, hear) {
  const source = new EventSource(url);
  source.onmessage = (event) => hear(JSON.parse(event.data));
  return () => source.close();
}

function websocket(url, hear) {
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  socket.onmessage = (event) => hear(JSON.parse(event.data));
  return () => socket.close();
}

const ways = { direct: poll, poll, longpoll, stream, websocket };

/** The lanes whose client holds one of the few connections to a server. */
export const HOLDING = ["longpoll", "stream"];

export class Me {
  #watching = new Map(); // lane → its URL and pace, and what stops it

  constructor(hear) { this.hear = hear; }

  /** Watches these lanes, at that setting, and no others. */
  watch(lanes, setting, pace) {
    for (const lane of this.#watching.keys()) {
      if (!lanes.includes(lane)) this.#stop(lane);
    }
    for (const lane of lanes) this.#watch(lane, setting, pace);
  }

  #watch(lane, setting, pace) {
    const interval = lane === "direct" ? setting.clients : setting.pollmux;
    const url = `${location.origin}/lanes/${lane}/${interval}/scores`;
    const polls = ways[lane] === poll;
    const what = polls ? `${url} ${pace}` : url;
    if (this.#watching.get(lane)?.what === what) return;
    this.#stop(lane);
    const hear = (game) => this.hear(lane, game);
    this.#watching.set(lane, { what, stop: polls ? poll(url, pace, hear) : ways[lane](url, hear) });
  }

  #stop(lane) {
    this.#watching.get(lane)?.stop();
    this.#watching.delete(lane);
  }
}
