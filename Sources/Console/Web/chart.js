// Small charts: lines over time, and bars of shares.

import { h, s } from "./dom.js";

/**
 * A line over the last `length` values, with its highest and last named to those who cannot see it.
 * push(value) moves it on. `format` writes values.
 */
export class Line extends HTMLElement {
  #values = [];
  #length = 60;
  #format = String;
  #label = "";
  #path = s("path", { class: "line" });
  #area = s("path", { class: "area" });
  #title = s("title");

  static of(label, format, length = 60) {
    const line = document.createElement("swiftlet-line");
    line.#label = label;
    line.#format = format;
    line.#length = length;
    return line;
  }

  connectedCallback() {
    if (this.firstChild) return;
    this.append(s("svg", { viewBox: "0 0 120 32", preserveAspectRatio: "none", role: "img" }, this.#title, this.#area, this.#path));
    this.#draw();
  }

  push(value) {
    this.#values.push(Number.isFinite(value) ? value : 0);
    if (this.#values.length > this.#length) this.#values.shift();
    this.#draw();
  }

  #draw() {
    const values = this.#values;
    const most = Math.max(...values, 1e-9);
    this.#title.textContent = values.length
      ? `${this.#label}: now ${this.#format(values.at(-1))}, at most ${this.#format(most)} in the last minute` : `${this.#label}: nothing yet`;
    if (values.length < 2) return;
    const x = (at) => (120 * (at + this.#length - values.length)) / (this.#length - 1);
    const y = (value) => 30 - (27 * value) / most;
    const points = values.map((value, at) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
    this.#path.setAttribute("d", "M" + points.join("L"));
    this.#area.setAttribute("d", `M${x(0).toFixed(1)} 32L${points.join("L")}L120 32Z`);
  }
}

customElements.define("swiftlet-line", Line);

/** A bar of what is used: blue below 80 %, yellow, red from 100 % on. */
export function usageBar(percent, label) {
  const kind = percent >= 100 ? "bad" : percent >= 80 ? "warn" : "calm";
  const fill = h("span", { class: `fill ${kind}` });
  fill.style.width = Math.min(100, Math.max(percent > 0 ? 1 : 0, percent)) + "%";
  return h("span", {
    class: "bar", role: "meter", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": Math.min(100, percent).toFixed(0),
      "aria-label": label,
  }, fill);
}
