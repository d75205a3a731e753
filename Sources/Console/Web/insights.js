// What is slow, what fails and why, when it is busy, what nobody asks for, and what would do as well for less.

import { h, replace, badge, empty, failure, tabs } from "./dom.js";
import { get, query } from "./api.js";
import { count, duration, moment, money, percent, words } from "./format.js";
import { RANGES, address, bounds, card, choices, number, row, span, table } from "./parts.js";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const REACH = { configured: ["good", "configured"], provider: ["calm", "at a provider you have"], catalogue: ["", "in the catalogue"] };

class Insights extends HTMLElement {
  #asked = null;
  #body = h("div", {});

  connectedCallback() { this.#show(); }
  disconnectedCallback() { this.#asked?.abort(); }

  move(place) {
    this.place = place;
    this.#show();
    return true;
  }

  #show() {
    const range = this.place.search.get("range") ?? "24h";
    replace(this, h("div", { class: "head" }, h("h1", {}, "Insights"),
      choices("Time", RANGES.filter(([name]) => ["24h", "7d", "30d", "all"].includes(name)), range, (next) => {
        location.hash = address(this.place, "insights", { range: next });
      })), this.#body);
    this.#load(span(bounds(range) ?? bounds("24h")));
  }

  async #load(time) {
    this.#asked?.abort();
    this.#asked = new AbortController();
    replace(this.#body, h("p", { class: "faint", role: "status" }, "Looking through the log …"));
    try {
      const found = await get("insights" + query(time), { signal: this.#asked.signal });
      if (!found.total.requests) {
        return replace(this.#body, h("section", { class: "card" }, h("h2", {}, "In this time"), empty("Nothing to see into yet",
          "There was no request. Choose a longer time, or send some: a new key comes with one to copy.")), this.#idle(found.idle));
      }
      replace(this.#body, this.#cards(found), this.#cheaper(found.cheaper), this.#times(found), this.#errors(found.errors), this.#hours(found.hours),
        this.#idle(found.idle));
    } catch (problem) {
      if (problem.name !== "AbortError") replace(this.#body, failure(problem, () => this.#load(time)));
    }
  }

  #cards({ total, sample }) {
    return [h("div", { class: "cards" },
      card("Requests", count(total.requests), `${count(total.failed)} failed`), card("Success", percent(total.success_rate, 2), "answered as asked"),
      card("95 % are done in", duration(total.p95_ms), `half in ${duration(total.p50_ms)}`),
      card("First token", duration(total.first_byte_p50_ms), "half have it by then"),
      card("Speed", total.tokens_per_second === null ? "–" : count(total.tokens_per_second), "tokens a second, streamed"),
      card("Spent", money(total.cost_usd), total.unpriced ? `${count(total.unpriced)} requests have no price` : "every request has a price")),
    sample.whole ? null : h("p", { class: "faint" }, `Times and failures are those of the newest ${count(sample.rows)} requests, since ${
      moment(sample.oldest)}; requests and cost are of all.`)];
  }

  // Models that would do as well

  #cheaper(list) {
    const body = !list.length
      ? empty("Nothing cheaper is known", "Models in use are compared with the catalogue once their requests have a price.")
      : table([["In use, and what would do as well"], ["Where", "wide"], ["USD per million", "number wide"], ["Capability", "number wide"],
        ["Cost", "number"], ["Saves", "number"], ["In 30 days", "number"]], list.flatMap((one) => [h("tr", { class: "group" },
        h("th", { scope: "row" }, one.deployment, h("div", { class: "faint" }, `${count(one.requests)} requests`)), h("td", { class: "wide" },
          "in use"),
        number("", "wide"), number(one.capability.toFixed(2), "wide"), number(money(one.cost_usd)), number(""), number("")),
      ...one.alternatives.map((other) => row(h("span", { class: "under" }, other.name), h("td", { class: "wide" }, badge(...REACH[other.reach])),
        number(`${other.input_price} in, ${other.output_price} out`, "wide"), number(other.capability.toFixed(2), "wide"),
          number(money(other.cost_usd)),
        number(`${Math.round(other.saved_percent)} %`), number(money(other.saved_usd_in_30_days))))]));
    return h("section", { class: "card" }, h("h2", {}, "Cheaper models of like capability"), body,
      list.length ? h("p", { class: "note" },
        "For the same tokens, at today's prices. Capability, 0 to 1, is a guess by price and age, unless settings say "
        + "it: try the model in the playground, or replay a policy with it, before you change.") : null);
  }

  // Times

  #times(found) {
    const show = (name, one) => {
      const list = found[name].filter((part) => part.requests);
      const slowest = Math.max(...list.map((part) => part.p95_ms ?? 0), 1);
      return table([[one], ["Requests", "number"], ["Success", "number"], ["Half in", "number wide"], ["95 % in", "number"], ["", "wide"],
        ["First token", "number wide"], ["Tokens/s", "number wide"], ["Cost", "number"]],
      [...list].sort((a, b) => (b.p95_ms ?? 0) - (a.p95_ms ?? 0)).map((part) => {
        const fill = h("span", { class: "fill" });
        fill.style.width = (100 * (part.p95_ms ?? 0)) / slowest + "%";
        return row(part.name === null ? h("span", { class: "faint" }, "none")
          : h("a", { href: "#/requests" + query({ [name.slice(0, -1)]: part.name }) }, part.name), number(count(part.requests)),
        number(percent(part.success_rate)), number(duration(part.p50_ms), "wide"), number(duration(part.p95_ms)),
        h("td", { class: "wide" }, h("span", { class: "bar", "aria-hidden": "true" }, fill)), number(duration(part.first_byte_p50_ms), "wide"),
        number(part.tokens_per_second === null ? "–" : count(part.tokens_per_second), "wide"), number(money(part.cost_usd)));
      }));
    };
    return h("section", { class: "card" }, h("h2", {}, "How long it takes, the slowest first"), tabs("Times of", [
      ["models", "Models and routes", () => show("models", "Asked for")], ["deployments", "Deployments", () => show("deployments", "Deployment")],
      ["providers", "Providers", () => show("providers", "Provider")]]));
  }

  // Failures

  #errors(list) {
    const body = !list.length ? empty("Nothing failed", "Failures of the same kind show here as one, with what to do.")
      : table([["What"], ["Where"], ["Times", "number"], ["Saved by a fallback", "number wide"], ["Last", "wide"], ["What to do", "wide"]],
        list.map((one) => row([h("a", { href: "#/requests/" + one.example }, words(one.fault) || "refused"),
          one.status ? h("span", { class: "faint" }, ` ${one.status}`) : null],
        [one.deployment ?? h("span", { class: "faint" }, "before any deployment"), h("div", { class: "faint" }, one.model
          ? `asked for ${one.model}` : "")],
        number(count(one.attempts)), number(count(one.rescued), "wide"),
        h("td", { class: "wide" }, h("time", { datetime: one.last_seen }, moment(one.last_seen))), h("td", { class: "wide" }, one.advice + "."))));
    return h("section", { class: "card" }, h("h2", {}, "What fails"), body);
  }

  // When

  #hours(list) {
    const shift = -Math.round(new Date().getTimezoneOffset() / 60);
    const week = new Map();
    for (const one of list) {
      const at = (one.weekday * 24 + one.hour + shift + 168) % 168;
      week.set(at, one);
    }
    const most = Math.max(...list.map((one) => one.requests), 1);
    const busiest = [...week].sort((a, b) => b[1].requests - a[1].requests)[0];
    const name = (at) => `${DAYS[Math.floor(at / 24)]} ${String(at % 24).padStart(2, "0")}:00`;
    const cell = (at) => {
      const one = week.get(at);
      const title = one ? `${name(at)}: ${count(one.requests)} requests, ${count(one.failed)} failed, ${money(one.cost_usd)}` : `${name(at)}: none`;
      const shade = h("span", {});
      shade.style.opacity = one ? 0.15 + 0.85 * Math.sqrt(one.requests / most) : 0;
      return h("td", { title }, shade, h("span", { class: "unseen" }, one ? count(one.requests) : "0"));
    };
    return h("section", { class: "card" }, h("h2", {}, "When it is busy"),
      h("div", { class: "scroll" }, h("table", { class: "heat" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "unseen" }, "Day")), Array.from({ length: 24 }, (_, hour) =>
          h("th", { scope: "col" }, hour % 3 ? h("span", { class: "unseen" }, hour) : hour)))),
        h("tbody", {}, DAYS.map((day, at) => h("tr", {}, h("th", { scope: "row" }, day), Array.from({ length: 24 }, (_, hour) =>
          cell(at * 24 + hour))))))),
      busiest ? h("p", { class: "note" },
        `The busiest hour is ${name(busiest[0])} with ${count(busiest[1].requests)} requests. Hours are known for a month.`)
        : null);
  }

  // What nobody asks for

  #idle(idle) {
    const list = (title, names, screen, next) => h("div", {}, h("h3", {}, `${title} (${names.length})`), names.length
      ? h("ul", { class: "sentences" }, names.slice(0, 12).map((name) => h("li", {}, name)), names.length > 12
        ? h("li", { class: "faint" }, `and ${names.length - 12} more`) : null)
      : h("p", { class: "faint" }, "All are in use."), names.length ? h("p", {}, h("a", { href: "#/" + screen }, next)) : null);
    return h("section", { class: "card" }, h("h2", {}, "Idle in this time"), h("div", { class: "two" },
      list("Models and routes", idle.models, "models", "Delete or announce them"),
      list("Deployments", idle.deployments, "models", "See their state"), list("Keys", idle.keys, "keys", "Pause or delete what nobody uses")));
  }
}

customElements.define("swiftlet-insights", Insights);
