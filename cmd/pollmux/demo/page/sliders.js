// The two sliders. They move everybody's pace, and show what others have set.

import { interval, say } from "./format.js";

export class Sliders {
  #posting = 0;
  #settled = 0; // until when what is told may be older than what was posted
  #choices = [];

  constructor(names) {
    this.sliders = names.map((name) => ({
      name, input: document.getElementById(name), output: document.getElementById(`${name}-value`),
    }));
    this.both = document.getElementById("both");
    for (const slider of this.sliders) slider.input.addEventListener("input", () => this.#moved(slider));
  }

  /** Shows a setting, unless the visitor is just choosing another. */
  take(setting, choices) {
    if (choices.join() !== this.#choices.join()) this.#mark(choices);
    if (Date.now() < this.#settled) return;
    for (const slider of this.sliders) {
      slider.input.value = choices.indexOf(setting[slider.name]);
      this.#show(slider);
    }
  }

  #mark(choices) {
    this.#choices = choices;
    for (const { input } of this.sliders) {
      input.max = choices.length - 1;
      const ticks = input.parentElement.querySelector(".ticks");
      ticks.replaceChildren(...choices.map((choice) => {
        const tick = document.createElement("span");
        tick.textContent = choice;
        return tick;
      }));
    }
  }

  #show({ input, output }) {
    const text = interval(this.#choices[input.value] ?? "");
    say(output, text);
    input.setAttribute("aria-valuetext", text);
    input.was = Number(input.value);
  }

  // With both, the other slider keeps its distance as far as it can.
  #moved(slider) {
    const by = Number(slider.input.value) - (slider.input.was ?? 0);
    if (this.both.checked) {
      for (const other of this.sliders) {
        if (other !== slider) other.input.value = Number(other.input.value) + by;
      }
    }
    this.sliders.forEach((one) => this.#show(one));
    this.#settled = Date.now() + 1500;
    clearTimeout(this.#posting);
    this.#posting = setTimeout(() => this.#post(), 120);
  }

  async #post() {
    const wish = Object.fromEntries(this.sliders.map(({ name, input }) => [name, this.#choices[input.value]]));
    try {
      await fetch("/demo/control", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) });
    } catch { /* the page says that the server is away */ }
    this.#settled = Date.now() + 600;
  }
}
