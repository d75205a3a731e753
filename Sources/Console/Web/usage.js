// What was used and what it cost, by model, project, key, tag and whatever else: over time, as shares, as a file.

import { h, replace, empty, failure } from "./dom.js";
import { get, query } from "./api.js";
import { count, money, percent } from "./format.js";
import { bars, share } from "./chart.js";
import { RANGES, address, bounds, card, choices, number, row, span, table } from "./parts.js";

const BY = [["model", "Model"], ["project", "Project"], ["key", "Key"], ["tag", "Tag"], ["provider", "Provider"], ["deployment", "Deployment"],
  ["customer", "Customer"], ["policy", "Policy"]];
const METRICS = {
  cost: ["Cost", (one) => one.cost_usd, money], requests: ["Requests", (one) => one.requests, count],
  tokens: ["Tokens", (one) => one.input_tokens + one.cached_input_tokens + one.output_tokens + one.reasoning_tokens, count],
};
const MOST = 7; // series of their own; the rest is one more
const LEAST = 13; // bars before the last one
const HOUR = 3_600_000;
const nameOf = (name) => name ?? "none";
const pad = (value) => String(value).padStart(2, "0");

class Usage extends HTMLElement {
  #asked = null;
  #cards = h("div", { class: "cards" });
  #chart = h("div", {});
  #shares = h("div", {});
  #file = h("a", { class: "button", download: "usage.csv" }, "Download CSV");

  connectedCallback() { this.#show(); }
  disconnectedCallback() { this.#asked?.abort(); }

  move(place) {
    this.place = place;
    this.#show();
    return true;
  }

  #chosen() {
    const search = this.place.search;
    const pick = (name, known, usual) => (known.includes(search.get(name)) ? search.get(name) : usual);
    const projects = this.place.who.projects;
    const range = search.get("range") ?? "30d";
    return {
      by: pick("by", BY.map(([name]) => name), "model"), metric: pick("metric", Object.keys(METRICS), "cost"), range,
      bounds: bounds(range) ?? bounds("30d"), project: search.get("project") ?? (projects?.length > 1 ? projects[0] : ""),
    };
  }

  #show() {
    const chosen = this.#chosen();
    const go = (changes) => { location.hash = address(this.place, "usage", changes); };
    const isOwn = /_/.test(chosen.range);
    const [from, to] = ["from", "to"].map((name, at) => {
      const value = new Date(chosen.bounds[at] - (at && isOwn ? 1 : 0)).toISOString().slice(0, 10);
      const input = h("input", { type: "date", "aria-label": at ? "To the end of" : "From", value, id: "usage-" + name });
      input.addEventListener("change", () => { if (from.value && to.value) go({ range: `${from.value}_${to.value}` }); });
      return input;
    });
    const project = h("input", { type: "search", id: "usage-project", value: chosen.project, autocomplete: "off", placeholder: "project: any",
      "aria-label": "Only of the project", maxlength: 200 });
    project.addEventListener("change", () => go({ project: project.value.trim() }));
    replace(this,
      h("div", { class: "head" }, h("h1", {}, "Usage and cost"), this.#file),
      h("div", { class: "tools" }, choices("Time", RANGES.filter(([name]) => name !== "24h"), chosen.range, (range) => go({ range })),
        from, h("span", { "aria-hidden": "true" }, "–"), to, project),
      this.#cards,
      h("section", { class: "card" },
        h("div", { class: "head" }, h("h2", {}, "Over time"), choices("What is drawn", Object.entries(METRICS).map(([name, [text]]) => [name, text]),
          chosen.metric, (metric) => go({ metric }))), this.#chart),
      h("section", { class: "card" },
        h("div", { class: "head" }, h("h2", {}, "Shared out"), choices("By", BY, chosen.by, (by) => go({ by }))), this.#shares));
    this.#load(chosen);
  }

  async #load(chosen) {
    this.#asked?.abort();
    this.#asked = new AbortController();
    const more = { signal: this.#asked.signal };
    const { by, project } = chosen;
    const time = span(chosen.bounds);
    const unit = time.to - time.from <= 49 * HOUR ? "hour" : "day";
    const only = { ...time, project: by === "tag" ? "" : project };
    this.#file.href = "/api/v1/usage" + query({ ...only, group_by: `${by},${unit}`, limit: 10_000, format: "csv" });
    this.#file.setAttribute("download", `usage-by-${by}-${new Date(time.from).toISOString().slice(0, 10)}.csv`);
    replace(this.#shares, h("p", { class: "faint", role: "status" }, "Adding up …"));
    try {
      const isReader = this.place.who.role !== "key_manager";
      const [sum, parts, overTime, savings] = await Promise.all([
        get("usage" + query({ ...time, project }), more), get("usage" + query({ ...only, group_by: by, limit: 1000 }), more),
        get("usage" + query({ ...only, group_by: `${by},${unit}`, limit: 10_000 }), more),
        isReader ? get("savings" + query({ ...time, project }), more) : null,
      ]);
      const total = sum.data[0];
      if (!total?.requests) {
        replace(this.#cards);
        replace(this.#chart, empty("Nothing was used in this time",
          "Choose a longer one above, or send the first request: a key's page has it to copy."));
        replace(this.#shares, empty("Nothing to share out"));
        return;
      }
      this.#showCards(total, savings);
      this.#showParts(chosen, unit, parts.data, overTime.data, total);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      replace(this.#cards);
      replace(this.#chart, failure(problem, () => this.#load(chosen)));
      replace(this.#shares);
    }
  }

  #showCards(total, savings) {
    const tokens = METRICS.tokens[1](total);
    const saved = savings?.total;
    replace(this.#cards,
      card("Spent", money(total.cost_usd), `${money((total.cost_usd / total.requests) * 1000)} for a thousand requests`),
      card("Requests", count(total.requests), `${percent(total.failed / total.requests)} failed, ${count(total.attempts)} attempts`),
      card("Tokens", count(tokens),
        `${count(total.input_tokens + total.cached_input_tokens)} in, ${count(total.output_tokens + total.reasoning_tokens)} out`),
      saved ? card("Saved", money(saved.saved_usd), saved.saved_percent === null ? "nothing to compare with yet"
        : saved.saved_percent < 0 ? `${-saved.saved_percent} % more than the baseline` : `${saved.saved_percent} % of ${money(saved.baseline_usd)}`)
        : null,
      card("Without a price", count(total.unpriced), total.unpriced ? ["not in the cost: ", h("a", { href: "#/models" }, "say what they cost")]
        : "every request has one"));
    const baseline = savings && h("p", { class: "faint" }, `What is saved is measured against ${savings.baseline}.`);
    this.#cards.nextElementSibling?.classList.contains("baseline") && this.#cards.nextElementSibling.remove();
    if (baseline) {
      baseline.classList.add("baseline");
      this.#cards.after(baseline);
    }
  }

  #showParts({ by, metric, bounds: [from, to] }, unit, parts, rows, total) {
    const [title, value, format] = METRICS[metric];
    const sorted = [...parts].sort((a, b) => value(b) - value(a));
    const own = sorted.slice(0, sorted.length > MOST + 1 ? MOST : MOST + 1).map((one) => nameOf(one[by]));
    const width = unit === "hour" ? HOUR : 24 * HOUR;
    const earliest = Math.min(...rows.map((one) => Date.parse(one[unit])), to);
    // Not before anything was used, but never fewer bars than make a picture.
    const start = Math.max(Math.floor(from / width), Math.min(Math.floor(earliest / width), Math.floor(to / width) - LEAST)) * width;
    const length = Math.min(400, Math.max(1, Math.ceil((to - start) / width)));
    const times = Array.from({ length }, (_, at) => {
      const day = new Date(start + at * width);
      const date = day.toISOString().slice(0, 10);
      return unit === "hour" ? [`${pad(day.getUTCHours())}:00`, `${date} ${pad(day.getUTCHours())}:00 UTC`] : [date.slice(5), date];
    });
    const series = [...own, ...(sorted.length > own.length ? [`${sorted.length - own.length} others`] : [])].map((name) => ({ name,
      values: new Array(length).fill(0) }));
    for (const one of rows) {
      const at = Math.floor((Date.parse(one[unit]) - start) / width);
      const kind = own.indexOf(nameOf(one[by]));
      if (at >= 0 && at < length) series[kind < 0 ? series.length - 1 : kind].values[at] += value(one);
    }
    const whole = sorted.reduce((sum, one) => sum + value(one), 0);
    replace(this.#chart, whole > 0 ? bars(`${title} by ${by} over ${length} ${unit}s: ${format(whole)} in all`, times, series, format)
      : empty(`No ${title.toLowerCase()} in this time`, metric === "cost" ? "What was used is free, or has no price yet." : ""));
    replace(this.#shares, table([["Name"], ["Share of " + title.toLowerCase()], ["Requests", "number wide"], ["Failed", "number wide"], ["In",
      "number wide"],
      ["Out", "number wide"], ["Saved", "number wide"], ["Cost", "number"]], sorted.map((one) => {
      const name = nameOf(one[by]);
      const at = own.indexOf(name);
      const shown = one[by] === null ? h("span", { class: "faint" }, "none")
        : h("a", { href: "#/requests" + query({ [by]: name }) }, name);
      return row([h("span", { class: `swatch c${at < 0 ? series.length - 1 : at}`, "aria-hidden": "true" }), shown],
        share(whole > 0 ? value(one) / whole : 0, `${format(value(one))} of ${format(whole)}`),
        number(count(one.requests), "wide"), number(percent(one.requests ? one.failed / one.requests : 0), "wide"),
        number(count(one.input_tokens + one.cached_input_tokens), "wide"), number(count(one.output_tokens + one.reasoning_tokens), "wide"),
        number(one.baseline_usd > 0 ? money(one.saved_usd) : "–", "wide"),
        h("td", { class: "number" }, money(one.cost_usd), one.unpriced ? h("div", { class: "faint" }, `${count(one.unpriced)} unpriced`) : null));
    })), by === "tag" && total.requests ? h("p", { class: "note" }, "A request with several tags counts with each of them.") : null);
  }
}

customElements.define("swiftlet-usage", Usage);
