// What feedback has taught: corrections of scores with what is believed of them, what the gate says, trials, ratings of models.

import { h, s, badge, confirm, empty, failure, replace, toast } from "./dom.js";
import { get, post } from "./api.js";
import { count, moment, percent } from "./format.js";
import { card, number, row, table } from "./parts.js";

const VERDICTS = { passed: ["good", "shown to be no loss"], loss: ["bad", "a loss"], undecided: ["calm", "too early to tell"] };
const SHIPPED = "Back to the shipped scorer";
// Nothing moves the logarithm of a score's odds by more.
const MOST = 1.5;

const signed = (value, digits = 2) => (value < 0 ? "−" : value > 0 ? "+" : "") + Math.abs(value).toFixed(digits);
const time = (seconds) => [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].filter(([size]) => seconds >= size).slice(0, 1)
  .map(([size, word]) => `${count(seconds / size)} ${word}${seconds === size ? "" : "s"}`)[0];
const called = (one) => one.project ?? "Keys without a project";

class Learning extends HTMLElement {
  #body = h("div", {});
  #acts = h("div", { class: "row" });
  #timer = 0;

  connectedCallback() {
    replace(this, h("div", { class: "head" }, h("h1", {}, "Learning"), this.#acts), this.#body);
    this.#load();
  }

  disconnectedCallback() { clearTimeout(this.#timer); }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  async #load() {
    clearTimeout(this.#timer);
    try {
      const found = await get("learning");
      if (!this.isConnected) return;
      this.#show(found);
      this.#later();
    } catch (problem) {
      replace(this.#body, failure(problem, () => this.#load()));
    }
  }

  /** Anew every five seconds, unless somebody is at work here. */
  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const isRead = this.contains(document.activeElement) || this.querySelector("details[open]") || document.querySelector("dialog");
      if (isRead) this.#later();
      else this.#load();
    }, 5000);
  }

  #show({ enabled, settings, learned, reset, counts, projects, ratings }) {
    const isKnown = projects.length || ratings.length;
    replace(this.#acts, enabled && isKnown && this.#mayChange ? this.#back() : null);
    if (!enabled) {
      return replace(this.#body, h("section", { class: "card" }, h("h2", {}, "Corrections"), empty("Learning is off",
        "Switched on, it corrects the scores of prompts by what your clients say of answers: for each project by itself, and only once a replay "
        + "has shown that nobody would have been less content.",
        ["Switch it on under ", h("a", { href: "#/all" }, "All settings"), ", Learning from feedback, or with ",
          h("code", {}, "learning: { enabled: true }"), " in the settings file."])));
    }
    const opinions = projects.reduce((sum, one) => sum + one.opinions, 0);
    const trials = counts.scored ? counts.trials / counts.scored : 0;
    replace(this.#body, h("div", { class: "cards" },
      card("Opinions", count(opinions), "that count now"),
      card("Corrected", counts.scored ? percent(counts.corrected / counts.scored) : "–", `of ${count(counts.scored)} prompts scored since the start`),
      card("Trials", counts.scored ? percent(trials) : "–", `at most ${percent(settings.explore)} of sessions may try another model`),
      card("Hints", count(counts.regenerated + counts.fallback + counts.bad_format), "asked again, answered by another, out of form"),
      card("Looked at", learned ? moment(learned) : "not yet", `every ${time(settings.interval_seconds)}`
        + (reset ? `; forgotten ${moment(reset)}` : ""))),
    projects.length ? projects.map((one) => this.#project(one)) : h("section", { class: "card" }, h("h2", {}, "Corrections"), empty(
      "Nothing has been said yet",
      ["Clients say what they think of an answer with ", h("code", {}, "POST /v1/feedback"), ", by the answer's ",
        h("code", {}, "x-swiftlet-request-id"), "."], `What they say is looked at every ${time(settings.interval_seconds)}.`)),
    ratings.length ? this.#ratings(ratings, settings) : null);
  }

  #back(project) {
    const whose = project ? `of ${called(project)}` : "of all projects, with the ratings of models";
    return h("button", { class: project ? "button small" : "button danger", type: "button", "aria-label": project ? `${SHIPPED}: ${called(project)}`
      : SHIPPED, onclick: async () => {
      if (!await confirm(`${SHIPPED}?`, `What was learnt ${whose} is forgotten, and every opinion until now. From the next request on scores are as `
        + "they were shipped. It cannot be taken back.", "Forget it")) return;
      try {
        await post("learning/reset", project ? { project: project.project ?? "" } : {});
        toast(project ? `${called(project)}: as the scorer was shipped.` : "Everything is as the scorer was shipped.");
      } catch (problem) {
        toast(problem.message, "bad");
      }
      this.#load();
    } }, SHIPPED);
  }

  #project(one) {
    return h("section", { class: "card", "data-project": one.project ?? "" }, h("div", { class: "head" },
      h("h2", {}, called(one)), h("div", { class: "row" }, badge(one.in_effect ? "good" : "calm", one.in_effect ? "corrected" : "as shipped"),
        this.#mayChange && one.tasks.length ? this.#back(one) : null)),
    h("p", { class: "faint" }, `${count(one.opinions)} opinions count; ${one.changes
      ? `a correction took effect or was taken back ${one.changes === 1 ? "once" : `${count(one.changes)} times`}.` : "nothing ever took effect."}`),
    one.tasks.length ? [h("p", { class: "faint" }, "For each fifth of the scale, from simple to complex: the point is the correction that is "
      + "believed to be right and the bar how far that may be off, the line across is what is in effect."),
    h("div", { class: "arms" }, one.tasks.map((own) => task(own, called(one))))] : null);
  }

  #ratings(ratings, settings) {
    const reach = Math.max(0.5, ...ratings.map((one) => Math.abs(one.effect) + 2 * one.deviation));
    return h("section", { class: "card" }, h("h2", {}, "Ratings of models"),
      h("p", { class: "faint" }, `How content clients are with each, apart from how hard the prompts were that it got. An opinion counts half after ${
        time(settings.half_life_seconds)}, so that a model that has changed is judged anew. ${settings.ratings
        ? "From 50 opinions on it moves what a model is thought to be able to do." : "Capabilities are left alone: learning.ratings is off."}`),
      table([["Model"], ["Against the mean"], ["Opinions", "number"], ["Capability before", "number wide"], ["Now", "number"]], ratings.map((one) => {
        const line = row(one.deployment, h("td", {}, `${signed(one.effect)} ± ${one.deviation.toFixed(2)}`, across(one, reach)),
          number(count(one.opinions)), number(one.capability_before.toFixed(2), "wide"),
          number(one.capability === null ? "too few opinions" : one.capability.toFixed(2)));
        line.dataset.rating = one.deployment;
        return line;
      })));
  }
}

/** Where the rating lies with 95 % confidence. */
function across({ effect, deviation }, reach) {
  const x = (value) => `${(50 + (48 * value) / reach).toFixed(1)}%`;
  return s("svg", { class: "interval brand-line", "aria-hidden": "true" }, s("line", { class: "axis", x1: "50%", x2: "50%", y1: 2, y2: 20 }),
    s("line", { class: "span", x1: x(effect - 2 * deviation), x2: x(effect + 2 * deviation), y1: 11, y2: 11 }),
    s("circle", { class: "point", cx: x(effect), cy: 11, r: 4.5 }));
}

function task(own, owner) {
  const { gate } = own;
  const verdict = gate ? VERDICTS[gate.verdict] : ["calm", "nothing said lately"];
  return h("section", { "aria-label": `${own.task} of ${owner}`, "data-task": own.task },
    h("div", { class: "head" }, h("h3", {}, own.task), badge(...verdict)), curve(own),
    gate ? [h("p", {}, gate.reason), h("p", { class: "faint" }, `It changes ${percent(gate.changed)} of choices, by ${count(gate.opinions)} `
      + `opinions; ${count(Math.floor(gate.tried))} trials went its way. The mean opinion: ${signed(gate.change.estimate, 3)} (${
        signed(gate.change.low, 3)} to ${signed(gate.change.high, 3)}).`)] : null,
    h("details", {}, h("summary", {}, "Figures"), table([["Score"], ["In effect", "number"], ["Believed", "number"]],
      own.correction.map((value, at) => row(`${(at / 5).toFixed(1)} to ${((at + 1) / 5).toFixed(1)}`, number(signed(value)),
        number(`${signed(own.believed[at])} ± ${own.deviation[at].toFixed(2)}`))), `Corrections of ${own.task}`)));
}

/** Five fifths: what is believed, with one deviation to either side, and what is in effect. */
function curve(own) {
  const y = (value) => `${(50 - (46 * Math.max(-MOST, Math.min(MOST, value))) / MOST).toFixed(1)}%`;
  const told = own.correction.map((value) => signed(value)).join(", ");
  return s("svg", { class: "interval tall", role: "img" }, s("title", {}, `Corrections in effect, from simple to complex: ${told}`),
    s("line", { class: "axis", x1: 0, x2: "100%", y1: "50%", y2: "50%" }), own.correction.map((value, at) => {
      const [x, believed, off] = [10 + 20 * at, own.believed[at], own.deviation[at]];
      return [s("g", { class: "calm-line" }, s("line", { class: "span", x1: `${x}%`, x2: `${x}%`, y1: y(believed - off), y2: y(believed + off) }),
        s("circle", { class: "point", cx: `${x}%`, cy: y(believed), r: 4.5 })),
      s("g", { class: "brand-line" }, s("line", { class: "held", x1: `${x - 8}%`, x2: `${x + 8}%`, y1: y(value), y2: y(value) }))];
    }));
}

customElements.define("swiftlet-learning", Learning);
