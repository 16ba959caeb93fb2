// The camera twice: as a picture that is loaded again and again, and as one
// picture that never ends.

const URL_OF = "/camera.jpg";
const PACE = 2000;

export class Camera {
  #timer = 0;

  constructor() {
    this.old = document.getElementById("camera-old");
    this.live = document.getElementById("camera-new");
    this.note = document.getElementById("camera-note");
    this.caption = [...this.note.childNodes].map((node) => node.cloneNode(true));
  }

  start() {
    this.#load();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#load(), PACE);
  }

  #load() { this.old.src = `${URL_OF}?_=${Date.now()}`; }

  /** Streams, in this window. */
  stream() {
    this.live.src = `${URL_OF}?transport=multipart&_=${Date.now()}`;
    this.note.replaceChildren(...this.caption.map((node) => node.cloneNode(true)));
  }

  without(reason) { this.note.textContent = reason; }

  stop() {
    clearInterval(this.#timer);
    this.live.removeAttribute("src"); // which hangs up
  }
}
