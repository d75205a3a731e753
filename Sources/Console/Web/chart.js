// Small charts: lines over time, stacked bars over time, and bars of shares.

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

/** The least of 1, 2, 2.5, 5 times a power of ten that `most` fits under four times. */
function step(most) {
  const rough = most / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 2.5, 5, 10].find((one) => one * power >= rough * 0.999);
}

/**
 * Bars over time, each stacked of the series' values. `times`: [short, whole] names of bars; `series`: {name, values}, at most eight, drawn in
 * the colours c0 to c7 of the screen's style sheet; `label` says what it shows to those who do not see it.
 */
export function bars(label, times, series, format) {
  const isNarrow = innerWidth < 640;
  const [width, height, left] = [isNarrow ? 360 : 900, isNarrow ? 190 : 240, isNarrow ? 44 : 58];
  const sums = times.map((_, at) => series.reduce((sum, one) => sum + one.values[at], 0));
  const unit = step(Math.max(...sums, 0));
  const most = Math.max(unit, Math.ceil(Math.max(...sums, 0) / unit - 1e-9) * unit);
  const [bottom, top] = [height - 22, 8];
  const y = (value) => bottom - ((bottom - top) * value) / most;
  const pitch = (width - left) / Math.max(1, times.length);
  const wide = Math.max(1, Math.min(46, pitch * 0.78));
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img" }, s("title", {}, label));
  for (let value = 0; value <= most * 1.001; value += unit) {
    svg.append(s("line", { x1: left, x2: width, y1: y(value), y2: y(value), class: "grid" }),
      s("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, format(value)));
  }
  const every = Math.max(1, Math.ceil((isNarrow ? 56 : 64) / pitch));
  times.forEach(([short, whole], at) => {
    const x = left + pitch * (at + 0.5);
    let under = 0;
    series.forEach((one, kind) => {
      const value = one.values[at];
      if (!(value > 0)) return;
      const high = Math.max(0.75, y(under) - y(under + value) - 0.75);
      svg.append(s("rect", { x: (x - wide / 2).toFixed(1), y: (y(under + value)).toFixed(2), width: wide.toFixed(1), height: high.toFixed(2),
        rx: Math.min(2, wide / 4), class: "c" + kind }, s("title", {}, `${whole}: ${one.name}, ${format(value)} of ${format(sums[at])}`)));
      under += value;
    });
    if (at % every === 0) svg.append(s("text", { x: x.toFixed(1), y: height - 5, "text-anchor": "middle" }, short));
  });
  return svg;
}

/** How large a part of a whole is, as a bar and in percent. */
export function share(part, label) {
  const fill = h("span", { class: "fill" });
  fill.style.width = Math.max(part > 0 ? 1 : 0, Math.min(100, part * 100)) + "%";
  return h("span", { class: "share" }, h("span", { class: "bar", "aria-hidden": "true" }, fill),
    h("span", { title: label }, (part * 100).toFixed(part < 0.1 ? 1 : 0) + " %"));
}

const SHADES = 6;

/**
 * Lines over time with a scale on both sides. `lines`: [name, values] (null: nothing there), `stepSeconds` from one value to the next,
 * `format` writes values. The figures stand in a table for those who cannot see it.
 */
export function plot(title, lines, stepSeconds, format, most = 0) {
  const length = Math.max(2, ...lines.map(([, values]) => values.length));
  const top = Math.max(most, 1e-9, ...lines.flatMap(([, values]) => values.filter((value) => value !== null)));
  const [wide, high, left, right, above, below] = [640, 190, 56, 8, 8, 22];
  const x = (at) => left + ((wide - left - right) * at) / (length - 1);
  const y = (value) => high - below - ((high - above - below) * value) / top;
  const clock = (at) => { const s = Math.round(at * stepSeconds); return s < 120 ? `${s} s` : `${(s / 60).toFixed(s % 60 ? 1 : 0)} min`; };
  const path = (values) => {
    let isOn = false;
    return values.map((value, at) => {
      if (value === null) { isOn = false; return ""; }
      const mark = (isOn ? "L" : "M") + `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      isOn = true;
      return mark;
    }).join("");
  };
  const marks = [0, 0.5, 1].map((part) => [s("line", { class: "grid", x1: left, x2: wide - right, y1: y(top * part), y2: y(top * part) }),
    s("text", { class: "tick", x: left - 6, y: y(top * part) + 4, "text-anchor": "end" }, part ? format(top * part) : "0")]);
  const times = [0, 0.5, 1].map((part, at) => s("text", { class: "tick", x: x((length - 1) * part), y: high - 5, "text-anchor": ["start", "middle",
    "end"][at] }, clock((length - 1) * part)));
  const drawn = lines.map(([, values], at) => s("path", { class: `series shade-${at % SHADES}`, d: path(values) }));
  const highest = (values) => Math.max(0, ...values.filter((value) => value !== null));
  return h("figure", { class: "plot" },
    h("figcaption", {}, title, h("span", { class: "keys" }, lines.map(([name], at) => h("span", { class: `key shade-${at % SHADES}` }, name)))),
    s("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img" },
      s("title", {}, `${title}: ` + lines.map(([name, values]) => `${name} at most ${format(highest(values))}`).join(", ")), marks, times, drawn));
}
