// What moved traffic, what was told and what was changed, as it happens.

import { h, replace, append, badge, empty, failure, toast } from "./dom.js";
import { get, live, query } from "./api.js";
import { duration, moment, words } from "./format.js";
import { RANGES, address, bounds, choices, span } from "./parts.js";

const ROUTER = { failover: "warn", fallback: "warn", hedge: "calm", rule: "calm", panic: "bad", retry_storm: "bad", retry_budget_spent: "bad" };
const BREAKERS = { breaker_opened: "bad", breaker_half_open: "warn", breaker_closed: "good" };
const ALERTS = { budget_alert: "warn", breach: "bad", canary: "calm" };
const KINDS = { ...ROUTER, ...BREAKERS, ...ALERTS, settings: "calm" };
const GROUPS = [["", "Everything", null], ["traffic", "Traffic", Object.keys(ROUTER)], ["breakers", "Breakers", Object.keys(BREAKERS)],
  ["alerts", "Alerts", Object.keys(ALERTS)], ["settings", "Settings changes", []]];
const PAGE = 50;

/** An event in a sentence. */
export function sentence(event) {
  const { route, from, to, fault, rule, policy, number, message } = event.detail;
  const why = fault ? `, since ${words(fault)}` : "";
  const on = route ? ` on ${route}` : "";
  if (message) return message.charAt(0).toUpperCase() + message.slice(1);
  switch (event.kind) {
    case "failover": return `${from ?? "A deployment"} failed${on}${why}: ${to ?? "another"} was asked`;
    case "fallback": return `${route ?? "A route"} was left for its fallback ${to ?? ""}${from ? `, after ${from}` : ""}${why}`;
    case "rule": return `The rule ${rule} decided${on}${policy ? `, of the policy ${policy}` : ""}`;
    case "breaker_opened": return `${from ?? to} rests${number ? ` for ${duration(number)}` : ""}${why}`;
    case "breaker_half_open": return `${from ?? to} is tried again with one request`;
    case "breaker_closed": return `${from ?? to} serves again`;
    case "retry_budget_spent": return `The month's retries of ${policy ?? "a policy"} are used up${number ? `: ${number}` : ""}`;
    case "retry_storm": return "Too many attempts fail everywhere: further ones are held back";
    case "hedge": return `${to ?? "Another"} was asked beside ${from ?? "a slow one"}${on}`;
    case "panic": return `All deployments${on} rest: ${to ?? "the least bad one"} was tried`;
    default: return [words(event.kind), ...Object.entries(event.detail).map(([name, value]) => `${words(name)} ${value}`)].join(", ");
  }
}

/** A change out of the audit log as an event. */
const asEvent = (entry) => ({ id: "audit-" + entry.number, at: entry.at, kind: "settings", audit: entry.number,
  label: /sign/.test(entry.action) ? "signed in or out" : "settings changed",
  detail: { message: `${entry.actor} (${entry.role}): ${words(entry.action)}, ${entry.subject}` } });

class Events extends HTMLElement {
  #asked = null;
  #leave = null;
  #list = h("ol", { class: "log-list" });
  #foot = h("div", { class: "row end" });
  #body = h("section", { class: "card", "aria-label": "Events" });
  #seen = new Set();
  #last = "";
  #at = 0;
  #isAsking = false;

  connectedCallback() {
    this.#leave = live.listen((report) => this.#tick(report));
    this.#show();
  }

  disconnectedCallback() {
    this.#leave?.();
    this.#asked?.abort();
  }

  move(place) {
    this.place = place;
    this.#show();
    return true;
  }

  get #group() { return GROUPS.find(([name]) => name === (this.place.search.get("group") ?? "")) ?? GROUPS[0]; }
  get #text() { return this.place.search.get("text") ?? ""; }
  get #range() { return this.place.search.get("range") ?? "all"; }

  #show() {
    const go = (changes) => { location.hash = address(this.place, "events", changes); };
    const text = h("input", { type: "search", id: "event-text", value: this.#text, placeholder: "route, deployment, rule, fault …", maxlength: 200,
      "aria-label": "Only with this text" });
    text.addEventListener("change", () => go({ text: text.value.trim() }));
    replace(this, h("div", { class: "head" }, h("h1", {}, "Events")),
      h("div", { class: "tools" }, choices("Kinds", GROUPS.map(([name, title]) => [name, title]), this.#group[0], (group) => go({ group })),
        choices("Time", RANGES.filter(([name]) => ["today", "7d", "all"].includes(name)), this.#range, (range) => go({ range })), text),
      this.#body);
    this.#load();
  }

  // Two logs, merged by time: each is read until the page is full.

  #streams() {
    const kinds = this.#group[2];
    const [from, to] = this.#range === "all" ? [null, null] : bounds(this.#range);
    const time = from === null ? {} : { from: Math.floor(from) };
    const more = { signal: this.#asked.signal };
    const events = { rows: [], cursor: null, isOver: kinds?.length === 0, read: (cursor) => get("events" + query({ ...time, kind: kinds?.join(","),
      text: this.#text, cursor, limit: PAGE }), more) };
    const audit = { rows: [], cursor: null, isOver: Boolean(kinds?.length), read: async (cursor) => {
      const page = await get("audit" + query({ cursor, limit: PAGE }), more);
      const rows = page.data.map(asEvent).filter((one) => (from === null || Date.parse(one.at) >= from)
        && one.detail.message.toLowerCase().includes(this.#text.toLowerCase()));
      const isOver = from !== null && page.data.length > 0 && Date.parse(page.data.at(-1).at) < from;
      return { data: rows, next_cursor: isOver ? null : page.next_cursor };
    } };
    return [events, audit];
  }

  async #fill(streams, limit) {
    const out = [];
    while (out.length < limit) {
      for (const one of streams) {
        for (let turn = 0; !one.rows.length && !one.isOver && turn < 20; turn += 1) {
          const page = await one.read(one.cursor);
          one.rows = page.data;
          one.cursor = page.next_cursor;
          one.isOver = !page.next_cursor;
        }
      }
      const next = streams.filter((one) => one.rows.length).sort((a, b) => Date.parse(b.rows[0].at) - Date.parse(a.rows[0].at))[0];
      if (!next) break;
      out.push(next.rows.shift());
    }
    return out;
  }

  async #load() {
    this.#asked?.abort();
    this.#asked = new AbortController();
    this.#isAsking = true;
    const streams = this.#streams();
    try {
      const rows = await this.#fill(streams, PAGE);
      this.#seen = new Set(rows.map((row) => row.id));
      if (!rows.length) {
        const isFiltered = this.#text || this.#group[0] || this.#range !== "all";
        replace(this.#body, h("h2", {}, "What happened"), isFiltered ? empty("Nothing of that kind", "Choose everything, or a longer time.")
          : empty("Nothing happened yet", "Failovers, breakers, alerts and changes show here by themselves, the newest first."));
      } else {
        replace(this.#list, rows.map((row) => this.#line(row)));
        replace(this.#body, this.#list, this.#foot);
        this.#more(streams);
      }
    } catch (problem) {
      if (problem.name !== "AbortError") replace(this.#body, failure(problem, () => this.#load()));
    }
    this.#isAsking = false;
  }

  #more(streams) {
    replace(this.#foot);
    if (!streams.some((one) => one.rows.length || !one.isOver)) return;
    const button = h("button", { class: "button", type: "button" }, "Show older ones");
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        append(this.#list, (await this.#fill(streams, PAGE)).map((row) => this.#line(row)));
        this.#more(streams);
      } catch (problem) {
        button.disabled = false;
        if (problem.name !== "AbortError") toast(problem.message, "bad");
      }
    });
    append(this.#foot, [button]);
  }

  /** Figures come each second; where they have changed, so may have events. */
  async #tick(report) {
    const { at, in_flight: _, ...rest } = report;
    const now = JSON.stringify(rest);
    const isQuiet = now === this.#last && at - this.#at < 5000;
    if (this.#isAsking || isQuiet || at - this.#at < 2000 || document.hidden || !this.#asked) return;
    [this.#last, this.#at, this.#isAsking] = [now, at, true];
    const signal = this.#asked.signal;
    try {
      const rows = await this.#fill(this.#streams(), 20);
      if (signal.aborted) return;
      const fresh = rows.filter((row) => !this.#seen.has(row.id));
      for (const row of fresh) this.#seen.add(row.id);
      if (fresh.length && this.#list.isConnected) this.#list.prepend(...fresh.map((row) => this.#line(row, "new")));
      else if (fresh.length) this.#load();
    } catch { /* the shell says that the connection is lost; the next figures try again */ } finally {
      if (!signal.aborted) this.#isAsking = false;
    }
  }

  #line(event, kind = "") {
    const { breach } = event.detail;
    const links = [event.request ? h("a", { href: "#/requests/" + event.request }, "request") : null,
      breach ? h("a", { href: "#/breaches/" + breach }, "breach") : null, event.audit ? h("a", { href: "#/audit" }, "audit log")
        : null].filter(Boolean);
    return h("li", { class: "log-line " + kind, "data-kind": event.kind }, h("time", { datetime: event.at }, moment(event.at)),
      badge(KINDS[event.kind] ?? "", event.label ?? words(event.kind)),
      h("span", {}, sentence(event) + (/[.?!]$/.test(sentence(event)) ? " " : ". "), links.map((link) => [link, " "])));
  }
}

customElements.define("swiftlet-events", Events);
