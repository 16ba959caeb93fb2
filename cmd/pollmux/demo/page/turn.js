// A browser opens six connections to a server, for all its windows together. This
// page holds three (a long poll, a stream, the camera), so two windows of it
// would leave none to ask with. Only one window at a time holds any.

export class Turn {
  #release = null;
  #wish = null;

  /** Wants a turn; given() is called when it comes. */
  want(given) {
    if (this.#wish) return;
    if (!navigator.locks) { // not a secure context: hope for the best
      this.#wish = new AbortController();
      given();
      return;
    }
    const wish = (this.#wish = new AbortController());
    navigator.locks.request("pollmux-demo", { signal: wish.signal }, () => {
      given();
      return new Promise((release) => { this.#release = release; });
    }).catch(() => { /* no longer wanted */ });
  }

  giveUp() {
    this.#wish?.abort();
    this.#release?.();
    this.#wish = this.#release = null;
  }
}
