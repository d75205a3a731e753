// Changes of one thing, to go back and forth through: each as the whole value, so that nothing has to know how to undo itself.

import { h, pictureButton } from "./dom.js";

/** More than anybody takes back. */
const MOST = 500;

/** Which way the keys of an event go: -1, 1, or 0. */
function asked(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return 0;
  const key = event.key.toLowerCase();
  return key === "y" && !event.shiftKey ? 1 : key !== "z" ? 0 : event.shiftKey ? 1 : -1;
}

export class Steps {
  #all = [];
  #at = -1;
  #typing = null;
  #undo = pictureButton("undo", "Undo", () => this.#go(-1), { class: "button", "aria-keyshortcuts": "Control+Z", disabled: true });
  #redo = pictureButton("redo", "Redo", () => this.#go(1), { class: "button", "aria-keyshortcuts": "Control+Shift+Z", disabled: true });
  element = h("div", { class: "row" }, this.#undo, this.#redo);

  /** `take`: given the value to show, and the part that it was changed in. `mayGo`: whether keys mean this now. */
  constructor(take, mayGo) {
    this.take = take;
    this.onkey = (event) => {
      const step = asked(event);
      if (!step || !mayGo() || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.#go(step);
    };
    addEventListener("keydown", this.onkey);
  }

  end() { removeEventListener("keydown", this.onkey); }

  /** A value as it is now. What is typed in one field without a pause for another is one step. */
  add(value, part) {
    const text = JSON.stringify(value) ?? "";
    if (text === this.#all[this.#at]?.text) return;
    const { type, target } = window.event ?? {};
    const field = type === "input" && target.matches("input:not([type=checkbox], [type=radio]), textarea") ? target : null;
    if (!(field && field === this.#typing && this.#at > 0)) this.#at += 1;
    this.#typing = field;
    this.#all.splice(this.#at, Infinity, { text, part });
    if (this.#all.length > MOST) { this.#all.shift(); this.#at -= 1; }
    this.#tell();
  }

  #go(by) {
    const to = this.#at + by;
    if (to < 0 || to >= this.#all.length) return;
    const { part } = this.#all[Math.max(to, this.#at)];
    const { text } = this.#all[to];
    this.#at = to;
    this.#typing = null;
    this.take(text ? JSON.parse(text) : undefined, part);
    this.#tell();
  }

  #tell() {
    // Whoever goes back as far as it goes by keyboard stays beside where that was.
    const had = document.activeElement;
    [this.#undo.disabled, this.#redo.disabled] = [this.#at < 1, this.#at >= this.#all.length - 1];
    if (had?.disabled) (had === this.#undo ? this.#redo : this.#undo).focus();
  }
}

const controls = (panel) => [...panel.querySelectorAll("input, select, textarea, button")];

/** Draws a panel anew with the focus where it was. */
export function redrawn(panel, draw) {
  const at = controls(panel).indexOf(document.activeElement);
  draw();
  if (at >= 0) (controls(panel)[at] ?? panel).focus();
}
