// The simulator: a bad day on virtual time, by the router that serves traffic; what it came to, in figures and over time.

import { h, replace, badge, empty, failure, field } from "./dom.js";
import { events, get, pour } from "./api.js";
import { count, duration, money, percent, words } from "./format.js";
import { plot } from "./chart.js";

const EXAMPLE = `name: lunch-outage
settings:
  providers:
    primary: { type: mock }
    backup: { type: mock }
  models:
    chat: { route: { fallback: [primary/large, backup/small] } }
deployments:
  primary/large:
    mishaps:
      - { kind: fails, from: 30s, to: 90s, fault: server_error }
traffic:
  - { model: chat, rate: 10, for: 2m }
expect: { success: 0.99 }
`;

const sentence = (kind, text) => h("span", { class: `badge sentence ${kind}` }, text);

class Simulator extends HTMLElement {
  #result = h("div", { "aria-live": "polite" });
  #control = null;

  async connectedCallback() {
    replace(this, h("h1", {}, "Simulator"), h("p", { class: "faint", role: "status" }, "Reading the library …"));
    try {
      const [library, models] = await Promise.all([get("simulate"), get("models")]);
      this.#build(library.data, models.data.map((one) => one.name));
    } catch (problem) {
      replace(this, h("h1", {}, "Simulator"), failure(problem, () => this.connectedCallback()));
    }
  }

  disconnectedCallback() { this.#control?.abort(); }

  #build(library, models) {
    const of = (kind) => library.filter((one) => one.kind === kind).map((one) => h("option", { value: one.name }, one.name));
    this.scenario = field("Scenario", h("select", { id: "sim-scenario" }, h("optgroup", { label: "Bad days" }, of("router")),
      h("optgroup", { label: "Ledgers of several gateways" }, of("budgets")), h("optgroup", { label: "Learning from feedback" },
        of("learning")),
      h("optgroup", { label: "Yours" }, h("option", { value: "" }, "A document of my own"),
        h("option", { value: "random" }, "Anything, by chance"))), " ");
    this.document = field("Document", h("textarea", { id: "sim-document", class: "mono", rows: 14, spellcheck: "false" }),
      "YAML with settings, deployments, traffic, changes, expect: see the guide of the simulator");
    this.document.control.value = EXAMPLE;
    this.seed = field("Seed", h("input", { id: "sim-seed", value: "1", inputmode: "numeric", autocomplete: "off" }), "The same seed is the same run");
    this.where = field("Befalls", h("select", { id: "sim-where" }, h("option", { value: "" }, "a table of its own"), h("option",
      { value: "settings" },
      "this gateway's own routes")), "Nothing is sent to anybody");
    this.model = field("Model that requests name", h("select", { id: "sim-model" }, h("option", { value: "" }, "the first"), models.map((name) =>
      h("option", { value: name }, name))));
    this.run = h("button", { class: "button primary", type: "submit" }, "Run");
    this.cancel = h("button", { class: "button", type: "button", hidden: true, onclick: () => this.#control?.abort() }, "Cancel");
    this.bar = h("progress", { max: 1, value: 0, "aria-label": "How far the run is" });
    this.far = h("span", { class: "faint", role: "status" });
    this.progress = h("div", { class: "row", hidden: true }, this.bar, this.far);
    const note = this.scenario.querySelector(".note");
    const show = () => {
      const name = this.scenario.control.value;
      const found = library.find((one) => one.name === name);
      note.textContent = found?.summary ?? (name ? "Routes, deployments and mishaps by chance; the seed names them." : "Written below.");
      this.document.hidden = name !== "";
      this.where.hidden = name === "random" || ["budgets", "learning"].includes(found?.kind);
      this.model.hidden = this.where.hidden || !this.where.control.value;
    };
    this.scenario.control.addEventListener("input", show);
    this.where.control.addEventListener("input", show);
    show();
    const form = h("form", { class: "card", novalidate: true }, h("div", { class: "two tight" }, this.scenario, this.seed, this.where, this.model),
      this.document, h("div", { class: "row end" }, this.progress, h("span", { class: "space" }), this.cancel, this.run));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#go(); });
    replace(this, h("h1", {}, "Simulator"), form, this.#result);
    replace(this.#result, h("section", { class: "card" }, empty("Nothing run yet",
      "Choose a bad day and press Run: two minutes of it pass in a moment.")));
  }

  #asked() {
    const seed = this.seed.control.value.trim() || "1";
    const name = this.scenario.control.value;
    const body = { seed };
    if (name === "random") body.scenario = "random-" + seed;
    else if (name) body.scenario = name;
    else body.document = this.document.control.value;
    if (!this.where.hidden && this.where.control.value) {
      body.on_settings = true;
      if (this.model.control.value) body.model = this.model.control.value;
    }
    return body;
  }

  async #go() {
    if (this.#control) return;
    for (const one of [this.seed, this.document]) one.complain("");
    if (!/^\d*$/.test(this.seed.control.value.trim())) {
      this.seed.complain("This must be a whole number.");
      return this.seed.control.focus();
    }
    this.#control = new AbortController();
    this.asked = this.#asked();
    this.run.disabled = true;
    this.cancel.hidden = this.progress.hidden = false;
    this.bar.value = 0;
    this.far.textContent = "begins …";
    try {
      for await (const { event, data } of events(pour("simulate", this.asked, this.#control.signal))) {
        const said = JSON.parse(data);
        if (event === "progress") {
          this.bar.value = said.share;
          this.far.textContent = `${count(said.requests)} requests, ${Math.round(said.seconds)} s of virtual time`;
        } else {
          this.#show(said);
        }
      }
    } catch (problem) {
      const isOver = problem.name === "AbortError";
      if (problem.fields?.length && !this.document.hidden) {
        this.document.complain(problem.fields.map((one) => `${one.path ? one.path + ": " : ""}${one.message}`).join("; "));
        this.document.control.focus();
      } else {
        replace(this.#result, h("section", { class: "card" }, isOver ? empty("Cancelled", "Run it again whenever you like.") : failure(problem, () =>
          this.#go())));
      }
    }
    this.#control = null;
    this.run.disabled = false;
    this.cancel.hidden = this.progress.hidden = true;
  }

  #show(report) {
    if (!report.deployments) return this.#showSums(report);
    const { timeline } = report;
    const ended = timeline.answered.map((answered, at) => [answered, answered + timeline.failed[at]]);
    const figure = (label, value, note) => h("section", { class: "card figure", "aria-label": label }, h("h2", {}, label), h("span",
      { class: "value" },
      value), note ? h("p", { class: "faint" }, note) : null);
    const entries = (counts) => Object.entries(counts ?? {}).map(([name, number]) => `${words(name)} ${count(number)}`).join(", ") || "–";
    replace(this.#result,
      report.cut_short ? h("section", { class: "card failure" }, h("p", {},
        "It took too long and was cut short: what follows is its beginning.")) : null,
      h("div", { class: "cards" }, figure("Requests", count(report.requests), `${report.seconds.toFixed(0)} s of virtual time`),
        figure("Answered", percent(report.success, 2), `${count(report.answered)}, ${count(report.left)} left`),
        figure("Attempts", count(report.attempts), `${(report.attempts / Math.max(1, report.requests)).toFixed(2)} for each request`),
        figure("Half are done in", duration(report.latency_ms.p50), `95 % in ${duration(report.latency_ms.p95)}`),
        figure("First token", duration(report.first_byte_ms.p50), "half have it by then"),
        figure("Cost", money(report.cost_usd), `${money(report.wasted_usd)} wasted`)),
      this.#findings(report),
      h("div", { class: "two" },
        h("section", { class: "card" }, plot("Attempts by deployment, a second", Object.entries(timeline.attempts).map(([name, values]) =>
          [name, values.map((value) => value / timeline.step_seconds)]), timeline.step_seconds, (value) => (value < 10 ? value.toFixed(1)
            : count(value)))),
        h("section", { class: "card" }, plot("Answered", [["of those that ended then", ended.map(([good, all]) => (all ? good / all : null))]],
          timeline.step_seconds, (value) => percent(value, 0), 1)),
        h("section", { class: "card" }, plot("Time to the whole answer", [["half", timeline.p50_ms], ["95 %", timeline.p95_ms]],
          timeline.step_seconds,
          duration)),
        h("section", { class: "card" }, h("h2", {}, "What happened"), h("dl", { class: "facts" }, [["Failed", entries(report.failed)],
          ["Events", entries(report.events)], ["Rules", entries(report.rules)], ["Waits", count(report.waits)], ["Hedges", count(report.hedges)],
          ["Probes", count(report.probes)], ["Asked though resting", count(report.panics)], ["Streams cut", count(report.cut)]].map(([name, value]) =>
          h("div", {}, h("dt", {}, name), h("dd", {}, value)))))),
      this.#deployments(report));
  }

  #findings(report) {
    const isGood = !report.violations.length;
    const command = this.asked.scenario && !this.asked.on_settings ? [" On the command line: ", h("code", {},
      `swiftlet simulate ${report.scenario} --seed ${report.seed}`)] : null;
    return h("section", { class: "card" }, h("h2", {}, "Findings"), isGood
      ? h("p", {}, sentence("good", "Every invariant and every promise of the scenario held."))
      : [h("p", {}, badge("bad", `${report.violations.length} broken`)), h("ul", { class: "sentences" }, report.violations.map((text) => h("li",
        {}, text)))],
    h("p", { class: "faint" }, `${report.scenario}, seed ${report.seed}; trace ${report.trace}.`, command));
  }

  #deployments(report) {
    const faults = (row) => Object.entries(row.faults).map(([name, number]) => `${words(name)} ${count(number)}`).join(", ") || "–";
    return h("section", { class: "card" }, h("h2", {}, "Deployments"), h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, [["Name"], ["Asked first", "number"], ["Attempts", "number"], ["Answered", "number"], ["Half in", "number wide"],
        ["95 % in", "number wide"], ["Cost", "number wide"], ["Faults", "wide"]].map(([name, kind]) => h("th", { scope: "col", class: kind },
          name)))),
      h("tbody", {}, report.deployments.map((row) => h("tr", {}, h("th", { scope: "row" }, row.name), h("td", { class: "number" },
        percent(row.share)),
        h("td", { class: "number" }, count(row.attempts)), h("td", { class: "number" }, count(row.answered)),
        h("td", { class: "number wide" }, duration(row.latency_ms.p50)), h("td", { class: "number wide" }, duration(row.latency_ms.p95)),
        h("td", { class: "number wide" }, money(row.cost_usd)), h("td", { class: "wide" }, faults(row))))))));
  }

  /** Ledgers and learning: sums by name, and what there is over time beside what it would have been. */
  #showSums(report) {
    const { breach, timeline } = report;
    const rows = Object.entries(report).filter(([name, value]) => !["breach", "held", "scenario", "seed"].includes(name)
      && (typeof value !== "object" || value === null));
    const said = (name, value) => (typeof value !== "number" ? String(value) : Number.isInteger(value) ? count(value)
      : name.startsWith("farthest") ? value.toFixed(2) : percent(value, 2));
    const both = (title, name) => h("section", { class: "card" }, plot(title, [["learning", timeline[name]], ["as shipped",
      timeline[`${name}_as_shipped`]]], timeline.step_seconds, (value) => percent(value, 0), 1));
    replace(this.#result, h("section", { class: "card" }, h("h2", {}, "Findings"), breach
      ? [h("p", {}, badge("bad", "broken")), h("p", {}, breach)] : h("p", {}, sentence("good", report.held)),
    h("p", { class: "faint" }, "On the command line: ", h("code", {}, `swiftlet simulate ${this.asked.scenario} --seed ${this.asked.seed}`))),
    timeline ? h("div", { class: "two" }, both("Answered by the capable model", "capable"), both("Content of clients", "content")) : null,
    h("section", { class: "card" }, h("h2", {}, "What it came to"), h("dl", { class: "facts" }, rows.map(([name, value]) =>
      h("div", {}, h("dt", {}, words(name)), h("dd", {}, said(name, value)))))));
  }
}

customElements.define("swiftlet-simulator", Simulator);
