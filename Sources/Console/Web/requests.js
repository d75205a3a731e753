// The log of requests, and one request as it went.

import { h, replace, append, badge, empty, failure, field, confirm, toast } from "./dom.js";
import { get, named, query, remove } from "./api.js";
import { count, duration, money, moment, words } from "./format.js";
import { sentences } from "./sentences.js";
import { facts, number, row as line, table } from "./parts.js";

const FILTERS = [
  ["from", "From", "2026-11-22"], ["to", "To", ""], ["key", "Key", ""], ["model", "Model", ""], ["provider", "Provider", ""],
  ["deployment", "Deployment", ""], ["policy", "Policy", ""], ["project", "Project", ""], ["tag", "Tag", ""], ["status", "Status", "200"],
];
const STATES = ["", "done", "failed", "cancelled", "unknown"];
const KINDS = { done: "good", failed: "bad", cancelled: "warn" };

const stateBadge = (row) => badge(KINDS[row.state] ?? "calm", `${words(row.state)}${row.status ? " " + row.status : ""}`);

class Requests extends HTMLElement {
  #asked = null;
  #rows = h("div", {});
  #form = null;

  connectedCallback() { this.#show(); }
  disconnectedCallback() { this.#asked?.abort(); }

  /** The address has changed and this is still the screen. */
  move(place) {
    const before = this.place;
    this.place = place;
    if (before.what || place.what || before.search.toString() !== place.search.toString()) this.#show();
    return true;
  }

  #show() {
    this.#asked?.abort();
    this.#asked = new AbortController();
    if (this.place.what) return this.#one(this.place.what);
    this.#list();
  }

  // The log

  #list() {
    const chosen = this.place.search;
    const inputs = FILTERS.map(([name, label, hint]) =>
      field(label, h("input", { name, id: "filter-" + name, value: chosen.get(name) ?? "", placeholder: hint, autocomplete: "off",
        maxlength: 200 })));
    const known = STATES.includes(chosen.get("state") ?? "") ? STATES : [...STATES, chosen.get("state")];
    inputs.push(field("State", h("select", { name: "state", id: "filter-state" }, known.map((state) =>
      h("option", { value: state, selected: (chosen.get("state") ?? "") === state }, state ? words(state) : "any")))));
    this.#form = h("form", { class: "card", "aria-label": "Filters" }, h("div", { class: "filters" }, inputs),
      h("div", { class: "row end" }, h("a", { class: "button", href: "#/requests" }, "Clear"), h("button", { class: "button primary",
        type: "submit" }, "Filter")));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const values = Object.fromEntries([...new FormData(this.#form)].filter(([, value]) => value.trim()).map(([name, value]) => [name,
        value.trim()]));
      const next = "#/requests" + query(values);
      if (next === location.hash) this.#load();
      else location.hash = next;
    });
    replace(this, h("div", { class: "head" }, h("h1", {}, "Requests"), h("button", { class: "button", type: "button", onclick: () => this.#load() },
      "Refresh")),
      this.#form, h("section", { class: "card", "aria-label": "Log" }, this.#rows));
    this.#load();
  }

  async #load() {
    replace(this.#rows, h("p", { class: "faint", role: "status" }, "Reading the log …"));
    const body = h("tbody", {});
    const more = h("div", { class: "row end" });
    const table = h("div", { class: "scroll" }, h("table", { class: "log" },
      h("thead", {}, h("tr", {}, [["Time"], ["State"], ["Key", "wide"], ["Model"], ["Served by", "wide"], ["Tokens", "number wide"], ["Took",
        "number"], ["Cost", "number"]]
        .map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))), body), more);
    try {
      const page = await this.#page();
      if (!page.data.length && !page.next_cursor) {
        const isFiltered = [...this.place.search].length > 0;
        replace(this.#rows, isFiltered ? empty("Nothing matches", "Clear some of the filters above.")
          : empty("No request yet", ["Make ", h("a", { href: "#/keys" }, "a key"), " and send the first one with the snippet shown there."]));
        return;
      }
      this.#add(body, more, page);
      replace(this.#rows, table);
    } catch (problem) {
      if (problem.name !== "AbortError") replace(this.#rows, failure(problem, () => this.#load()));
    }
  }

  #page(cursor) {
    const values = Object.fromEntries(this.place.search);
    return get("requests" + query({ ...values, limit: 100, cursor }), { signal: this.#asked.signal });
  }

  #add(body, more, page) {
    append(body, page.data.map((row) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: "#/requests/" + row.id }, h("time", { datetime: row.started }, moment(row.started)))),
      h("td", {}, stateBadge(row)), h("td", { class: "wide" }, row.key ?? "–"), h("td", {}, row.model ?? "–"),
      h("td", { class: "wide" }, row.deployment ?? "–", row.attempts > 1 ? h("span", { class: "faint" },
        ` after ${row.attempts - 1} other${row.attempts > 2 ? "s" : ""}`) : null),
      h("td", { class: "number wide" }, `${count(row.usage.input)} + ${count(row.usage.output)}`),
      h("td", { class: "number" }, duration(row.duration_ms)), h("td", { class: "number" }, money(row.cost_usd)))));
    replace(more);
    if (!page.next_cursor) return;
    const button = h("button", { class: "button", type: "button" }, "Show older ones");
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        this.#add(body, more, await this.#page(page.next_cursor));
      } catch (problem) {
        if (problem.name !== "AbortError") toast(problem.message, "bad");
        button.disabled = false;
      }
    });
    append(more, [button]);
  }

  // One of them

  async #one(id) {
    replace(this, h("p", { class: "faint", role: "status" }, "Reading the request …"));
    let row;
    try {
      row = await get("requests/" + encodeURIComponent(id), { signal: this.#asked.signal });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      replace(this, h("h1", {}, "Request"), failure(problem, problem.status === 404 ? null : () => this.#show()), h("a", { href: "#/requests" },
        "To the log"));
      return;
    }
    const decision = row.decision ?? {};
    replace(this,
      h("p", {}, h("a", { href: "#/requests", onclick: (event) => { if (history.length > 1) { event.preventDefault(); history.back(); } } },
        "Back to the log")),
      h("div", { class: "head" }, h("h1", { class: "mono" }, row.id), stateBadge(row)),
      h("section", { class: "card" }, h("h2", {}, "What happened and why"), h("ul", { class: "sentences" }, sentences(row).map((text) => h("li", {},
        text)))),
      h("section", { class: "card" }, h("h2", {}, "Attempts"), waterfall(row, decision.attempts ?? [])),
      h("div", { class: "two" },
        h("section", { class: "card" }, h("h2", {}, "Cost"), this.#cost(row)),
        h("section", { class: "card" }, h("h2", {}, "Request"), facts([
          ["Begun", new Date(row.started).toLocaleString()], ["Took", duration(row.duration_ms)], ["First byte after",
            duration(row.first_byte_ms)], ["Speed", speed(row)],
          ["API", words(row.api)], ["Streamed", row.streamed ? "yes" : "no"], ["Key", row.key ?? "–"], ["Project", row.project ?? "–"],
          ["Customer", row.customer ?? "–"], ["Model asked for", row.model ?? "–"],
          ["Route", row.route ?? "–"], ["Tags", row.tags.join(", ") || "–"],
        ]))),
      candidates(decision.candidates ?? []), this.#texts(row));
  }

  /** Tokens of each class, and what they cost; parts only where today's price comes to what was charged. */
  #cost(row) {
    const body = h("div", {});
    const { usage } = row;
    const classes = [["Prompt", usage.input, "input"], ["Prompt, cached", usage.cached_input, "cached_input"], ["Prompt, kept by the provider",
      usage.cache_write + usage.cache_write_hour, "cache_write"], ["Answer", usage.output, "output"], ["Reasoning", usage.reasoning, "reasoning"]];
    const show = (price) => {
      const base = (name) => price?.[name] ?? (["output", "reasoning"].includes(name) ? price?.output : price?.input);
      const sum = price ? classes.reduce((total, [, tokens, name]) => total + (tokens * base(name)) / 1e6, 0) : null;
      const isSame = sum !== null && row.cost_usd !== null && Math.abs(sum - row.cost_usd) <= 1e-8 + row.cost_usd * 1e-3;
      const saved = row.cost_usd === null || row.baseline_usd === null ? null : row.baseline_usd - row.cost_usd;
      replace(body, table([["Tokens"], ["How many", "number"], ["USD per million", "number wide"], ["Cost", "number"]],
        [...classes.filter(([, tokens], at) => tokens || at === 0 || at === 3).map(([title, tokens, name]) => line(title, number(count(tokens)),
          number(isSame ? String(base(name)) : "–", "wide"), number(isSame ? money((tokens * base(name)) / 1e6) : "–"))),
        line("In all", number(count(classes.reduce((total, [, tokens]) => total + tokens, 0))), number("", "wide"), number(money(row.cost_usd)))]),
      h("p", { class: "note" }, [row.cost_usd === null ? "No price is known for it: say one at the deployment, or name its base_model."
        : saved === null ? "It has no baseline to compare with." : Math.abs(saved) < 1e-9 ? "As much as at the baseline."
          : `At the baseline ${money(row.baseline_usd)}: ${money(Math.abs(saved))} ${saved < 0
          ? "more was spent" : "saved"}.`, usage.estimated ? "Tokens were counted by this gateway." : "Tokens were counted by the provider.",
      row.cached ? "The answer was one that had been kept." : "", row.cost_usd !== null && price && !isSame
        ? "Prices have changed since, or several attempts "
        + "were charged." : ""].filter(Boolean).join(" ")));
    };
    show(null);
    if (row.deployment) get("deployments/" + named(row.deployment), { signal: this.#asked.signal }).then((one) => show(one.price), () => {});
    return body;
  }

  #texts(row) {
    if (row.texts === "none" || row.texts === undefined) return null;
    if (row.texts === "deleted") return h("section", { class: "card" }, h("h2", {}, "Prompt and reply"), h("p", { class: "faint" },
      "They were kept, and have been deleted."));
    const shown = row.prompt !== undefined || row.reply !== undefined;
    const text = (value) => h("pre", { class: "texts", tabindex: "0" }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
    const erase = async () => {
      if (!await confirm("Delete prompt and reply?", "They cannot be brought back. The request itself stays in the log.", "Delete them")) return;
      try {
        await remove(`requests/${encodeURIComponent(row.id)}/texts`);
        toast("Prompt and reply are deleted.");
        this.#show();
      } catch (problem) {
        toast(problem.message, "bad");
      }
    };
    return h("section", { class: "card" }, h("h2", {}, "Prompt and reply"),
      shown ? [row.prompt ? [h("h3", {}, "Prompt"), text(row.prompt)] : null, row.reply ? [h("h3", {}, "Reply"), text(row.reply)] : null]
        : h("p", { class: "faint" }, "They are kept. The roles admin and auditor may read them."),
      this.place.who.role === "admin" ? h("div", { class: "row end" }, h("button", { class: "button danger", type: "button", onclick: erase },
        "Delete them"), row.prompt?.body ? h("a", { class: "button primary", href: "#/playground?request=" + row.id }, "Replay in the playground") : null)
        : null);
  }
}

/** Of what came after the first byte. */
function speed(row) {
  const milliseconds = row.duration_ms - row.first_byte_ms;
  const tokens = row.usage.output + row.usage.reasoning;
  return !row.streamed || row.first_byte_ms === null || milliseconds < 20 || !tokens ? "–"
    : `${Math.round((tokens / milliseconds) * 1000)} tokens a second`;
}

/** Each attempt where it stood in time: dark until the first byte, then what came after. */
function waterfall(row, attempts) {
  if (!attempts.length) return empty("No provider was asked", row.fault ? `It ended before that: ${words(row.fault)}.` : "It ended before that.");
  const end = Math.max(row.duration_ms ?? 0, ...attempts.map((attempt) => attempt.ended_ms ?? 0), 0.001);
  const at = (value) => (100 * Math.max(0, value)) / end + "%";
  return h("div", { class: "waterfall", role: "list" }, attempts.map((attempt, index) => {
    const kind = attempt.outcome === "done" ? "" : attempt.outcome === "failed" ? "bad" : "warn";
    const span = h("span", { class: `span ${kind}` });
    span.style.left = at(attempt.started);
    span.style.width = at(attempt.ended_ms - attempt.started);
    if (attempt.first_byte_ms !== null && attempt.ended_ms > attempt.started) {
      const wait = h("span", { class: "wait" });
      wait.style.width = (100 * (attempt.first_byte_ms - attempt.started)) / (attempt.ended_ms - attempt.started) + "%";
      span.append(wait);
    }
    const text = attempt.outcome === "done" ? `answered ${attempt.status || ""}`
      : `${words(attempt.fault ?? attempt.outcome)} ${attempt.status || ""}`;
    return h("div", { role: "listitem", class: "attempt" },
      h("span", {}, `${index + 1}. ${attempt.deployment}`), h("span", { class: "track", "aria-hidden": "true" }, span),
      h("span", {}, `${text.trim()}, from ${duration(attempt.started)} to ${duration(attempt.ended_ms)}`));
  }));
}

function candidates(list) {
  if (!list.length) return null;
  return h("section", { class: "card" }, h("h2", {}, "Who could have served it"), h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Deployment", "Could serve", "Score"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, list.map((one) => h("tr", {}, h("th", { scope: "row" }, one.deployment),
      h("td", {}, one.eligible ? badge("good", "yes") : badge("warn", "no: " + (one.detail ?? words(one.excluded_because)))),
      h("td", {}, one.score === null ? "–" : String(one.score))))))));
}

customElements.define("swiftlet-requests", Requests);
