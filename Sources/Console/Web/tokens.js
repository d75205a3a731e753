// The token calculator: what a text comes to at each model, and what it costs there.

import { h, replace, badge, empty, failure, field } from "./dom.js";
import { get, post, query } from "./api.js";
import { count, money, percent } from "./format.js";

class Tokens extends HTMLElement {
  #result = h("div", {});
  #others = [];
  #chosen = h("ul", { class: "tags", "aria-label": "Models of the catalogue" });
  #timer = 0;
  /** Where a name of the catalogue was written last: a wrong one goes back there, whichever question meets it. */
  #model = null;
  #turn = 0;
  #asking = 0;

  connectedCallback() {
    this.text = field("Text", h("textarea", { id: "tokens-text", rows: 8, placeholder: "Paste a prompt" }),
      "It goes to this gateway and nowhere else; nothing of it is kept");
    this.output = field("Tokens of the answer", h("input", { id: "tokens-output", value: "500", inputmode: "numeric", autocomplete: "off" }));
    this.calls = field("Requests", h("input", { id: "tokens-calls", value: "1", inputmode: "numeric", autocomplete: "off" }),
      "What so many of them cost");
    const model = field("Compare with a model of the catalogue", h("input", { id: "tokens-model", list: "tokens-known", autocomplete: "off",
      placeholder: "openai/gpt-5-mini" }), "Provider and model; Enter adds it");
    const known = h("datalist", { id: "tokens-known" });
    const form = h("form", { class: "card", novalidate: true }, this.text, h("div", { class: "filters shown wide-ones" }, this.output, this.calls,
      model), known,
      this.#chosen);
    model.append(h("button", { class: "button small", type: "submit" }, "Compare"));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#add(model); });
    for (const one of [this.text, this.output, this.calls]) one.control.addEventListener("input", () => this.#soon());
    model.control.addEventListener("input", () => {
      clearTimeout(this.#asking);
      this.#asking = setTimeout(() => this.#suggest(model, known), 300);
    });
    replace(this, h("h1", {}, "Token calculator"), form, h("section", { class: "card", "aria-label": "Comparison", "aria-live": "polite" },
      this.#result));
    this.#paint();
    this.#count();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    clearTimeout(this.#asking);
  }

  async #suggest(model, known) {
    const part = model.control.value.trim().split("/").at(-1);
    if (part.length < 2) return;
    try {
      const { data } = await get("prices" + query({ model: part, limit: 30 }));
      replace(known, data.map((one) => h("option", { value: one.name })));
    } catch { /* suggestions only */ }
  }

  #add(model) {
    const name = model.control.value.trim();
    clearTimeout(this.#asking);
    if (!name) return;
    if (!this.#others.includes(name)) this.#others.push(name);
    model.control.value = "";
    model.complain("");
    this.#paint();
    this.#model = model;
    this.#count();
  }

  #paint() {
    replace(this.#chosen, this.#others.map((name) => h("li", {}, name, h("button", { class: "plain", type: "button", "aria-label": `Take ${name} out`,
      onclick: () => { this.#others = this.#others.filter((one) => one !== name); this.#paint(); this.#count(); } }, "×"))));
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#count(), 300);
  }

  async #count() {
    const turn = ++this.#turn;
    const number = (one) => {
      const value = Number(one.control.value || 0);
      const isGood = Number.isInteger(value) && value >= 0 && value <= 10_000_000;
      one.complain(isGood ? "" : "This must be a whole number up to 10,000,000.");
      return isGood ? value : null;
    };
    const [output, calls] = [number(this.output), number(this.calls)];
    if (output === null || calls === null) return;
    try {
      const found = await post("tokens", { text: this.text.control.value, output_tokens: output, models: this.#others });
      if (turn === this.#turn) this.#show(found, Math.max(1, calls));
    } catch (problem) {
      if (turn !== this.#turn) return;
      const wrong = this.#others.find((name) => problem.message.includes("catalogue `" + name + "`"));
      const model = this.#model;
      if (!wrong || !model) return replace(this.#result, failure(problem, () => this.#count()));
      this.#others = this.#others.filter((one) => one !== wrong);
      model.control.value = wrong;
      model.complain(problem.message);
      this.#paint();
      this.#count();
    }
  }

  #show(found, calls) {
    if (!found.data.length) {
      return replace(this.#result, empty("No model yet", "Add a model under Models and providers, or compare models of the catalogue above."));
    }
    const price = (one) => one.cost_usd ?? Infinity;
    const rows = [...found.data].sort((a, b) => price(a) - price(b) || a.name.localeCompare(b.name));
    const least = Math.min(...rows.map(price).filter((one) => one > 0));
    const most = Math.max(...rows.map((one) => one.cost_usd ?? 0), 1e-12);
    const total = (value) => (value === null ? "–" : money(value * calls));
    replace(this.#result, h("p", { class: "faint" }, `${count(found.bytes)} bytes. Tokens are as each model's provider is likely to count them, `
      + `learned from what it counted here before; what is reserved stays above.`),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, [["Model"], ["Tokens", "number"], ["Reserved", "number wide"],
      ["Prompt", "number wide"], ["Answer", "number wide"], [calls > 1 ? `Cost of ${count(calls)}` : "Cost", "number"], ["", "wide"],
      ["Context", "number wide"]].map(([name, kind]) => h("th", { scope: "col", class: kind }, name || h("span", { class: "unseen" },
        "Beside the others"))))),
    h("tbody", {}, rows.map((one) => h("tr", { "data-model": one.name },
      h("th", { scope: "row" }, one.name, h("div", { class: "faint" }, one.kind === "catalogue" ? "in the catalogue" : "deployment")),
      h("td", { class: "number" }, count(one.tokens)), h("td", { class: "number wide" }, count(one.at_most)),
      h("td", { class: "number wide" }, total(one.input_usd)), h("td", { class: "number wide" }, total(one.output_usd)),
      h("td", { class: "number" }, one.cost_usd === null ? badge("warn", "no price") : total(one.cost_usd)),
      h("td", { class: "wide" }, one.cost_usd === null ? null : this.#beside(one.cost_usd, least, most)),
      h("td", { class: "number wide" }, one.context_window === null ? "–" : one.fits
        ? percent((one.tokens + found.output_tokens) / one.context_window) : badge("bad", "does not fit"))))))));
  }

  #beside(cost, least, most) {
    const fill = h("span", { class: "fill" });
    fill.style.width = Math.max(1, (100 * cost) / most) + "%";
    const text = cost === 0 ? "free" : cost <= least ? "cheapest" : least > 0
      ? `${(cost / least).toFixed(1).replace(/\.0$/, "")} times the cheapest` : "dearer";
    return [h("span", { class: "bar", "aria-hidden": "true" }, fill), h("span", { class: "faint" }, text)];
  }
}

customElements.define("swiftlet-tokens", Tokens);
