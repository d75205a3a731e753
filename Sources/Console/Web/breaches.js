// Incidents of guardrails and bounds, grouped by key and trigger: how grave, how it stands, what it was, what to do.

import { h, replace, badge, dialog, empty, failure, field, toast } from "./dom.js";
import { get, patch, query } from "./api.js";
import { count, moment, words } from "./format.js";
import { address, card, facts, number, pages, reference, row, table } from "./parts.js";

const SEVERITY = { critical: "bad", high: "warn", medium: "calm" };
const STATUS = { active: "bad", investigating: "warn", resolved: "good" };
const TRIGGERS = ["pii", "injection", "toxicity", "keywords", "firewall", "moderation", "budget_cap", "key_status", "gateway_enforcement"];
const NAMES = { pii: "Personal data", injection: "Injection", toxicity: "Toxicity", keywords: "Keywords", firewall: "Firewall",
  moderation: "Moderation",
  budget_cap: "Hard budget", key_status: "Key status", gateway_enforcement: "Gateway enforcement" };

const trigger = (one) => [NAMES[one.category] ?? words(one.category), one.rule ? h("div", { class: "faint" }, one.rule) : null];
/** What is said of the API is for those who use that. */
const advice = (text) => text.replace(/: (GET|POST|PATCH) \/api.*$/, "").replaceAll("`", "").replace(/[.]?$/, ".");
const done = (one) => ["blocked", "routed", "masked", "warned",
  "noted"].filter((name) => one[name]).map((name) => `${count(one[name])} ${name}`).join(", ");

class Breaches extends HTMLElement {
  #asked = null;

  connectedCallback() { this.#show(); }
  disconnectedCallback() { this.#asked?.abort(); }

  move(place) {
    this.place = place;
    this.#show();
    return true;
  }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  #show() {
    this.#asked?.abort();
    this.#asked = new AbortController();
    if (this.place.what) return this.#one(this.place.what);
    this.#list();
  }

  // All of them

  async #list() {
    const search = this.place.search;
    const go = (changes) => { location.hash = address(this.place, "breaches", changes); };
    const choose = (name, label, values) => {
      const select = h("select", { id: "breach-" + name, "aria-label": label }, [h("option", { value: "" }, `${label}: any`), values.map(([value,
        text]) =>
        h("option", { value, selected: search.get(name) === value }, text))]);
      select.addEventListener("change", () => go({ [name]: select.value }));
      return select;
    };
    const key = h("input", { type: "search", id: "breach-key", "aria-label": "Only of the key", placeholder: "key", value: search.get("key") ?? "",
      maxlength: 200 });
    key.addEventListener("change", () => go({ key: key.value.trim() }));
    const [cards, body] = [h("div", { class: "cards" }), h("section", { class: "card", "aria-label": "Breaches" })];
    replace(this, h("h1", {}, "Breaches"), cards, h("div", { class: "tools" },
      choose("status", "Status", Object.keys(STATUS).map((name) => [name, name])), choose("severity", "Severity",
        Object.keys(SEVERITY).map((name) => [name,
        name])), choose("trigger", "Trigger", TRIGGERS.map((name) => [name, NAMES[name]])), key), body);
    const values = Object.fromEntries(["status", "severity", "trigger", "key"].map((name) => [name, search.get(name)]));
    const more = { signal: this.#asked.signal };
    const read = (cursor) => get("breaches" + query({ ...values, cursor, limit: 50 }), more);
    try {
      const [page, keys] = await Promise.all([read(), get("keys", more).catch(() => ({ data: null }))]);
      this.keys = keys.data && new Set(keys.data.map((one) => one.name));
      const sums = page.summary;
      replace(cards, card("Breaches", count(sums.total), `${count(sums.critical)} critical, ${count(sums.high)} high, ${count(sums.medium)} medium`),
        card("Critical alerts", count(sums.critical_open), "critical and not resolved"), card("Active", count(sums.active), "seen in the last hour"),
        card("Investigating", count(sums.investigating), "seen today, or being looked into"),
        card("Resolved", count(sums.resolved), "quiet for a day, or said to be"));
      if (!page.data.length) {
        replace(body, sums.total ? empty("Nothing matches", "Choose another status, severity or trigger above.")
          : empty("No breach so far", "What guardrails, firewall and hard budgets find shows here, one line for each key and reason. "
            + "Switch guardrails on under Guardrails."));
        return;
      }
      const made = table([["Key"], ["Trigger"], ["Status"], ["Severity"], ["Risk", "number"], ["Incidents", "number"], ["What was done", "wide"],
        ["Last seen", "wide"]], []);
      const foot = h("div", { class: "row end" });
      pages(made.querySelector("tbody"), foot, read, (rows) => rows.map((one) => this.#row(one)))(page);
      replace(body, made, foot, page.dropped ? h("p", { class: "note" }, `${count(page.dropped)} incidents came faster than they could be kept.`)
        : null);
    } catch (problem) {
      if (problem.name !== "AbortError") replace(body, failure(problem, () => this.#show()));
    }
  }

  #row(one) {
    const element = row(h("a", { href: "#/breaches/" + one.id }, one.key), h("td", {}, trigger(one)), badge(STATUS[one.status], one.status),
      badge(SEVERITY[one.severity], one.severity), number(h("span", { class: "risk" }, one.risk_score)), number(count(one.incidents)),
      h("td", { class: "wide" }, done(one)), h("td", { class: "wide" }, h("time", { datetime: one.last_seen }, moment(one.last_seen))));
    element.dataset.breach = one.id;
    return element;
  }

  // One

  async #one(id) {
    replace(this, h("p", { class: "faint", role: "status" }, "Reading the breach …"));
    let one;
    try {
      const more = { signal: this.#asked.signal };
      const keys = await get("keys", more).catch(() => ({ data: null }));
      this.keys = keys.data && new Set(keys.data.map((key) => key.name));
      one = await get("breaches/" + encodeURIComponent(id), more);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      return replace(this, h("h1", {}, "Breach"), failure(problem, problem.status === 404 ? null : () => this.#show()), h("a", { href: "#/breaches" },
        "To all breaches"));
    }
    const key = reference(one.key, !this.keys || this.keys.has(one.key), "#/requests" + query({ key: one.key }));
    const buttons = !this.#mayChange ? null : h("div", { class: "row" }, [["investigating", "Look into it"], ["resolved", "Resolve"], ["active",
      "Open again"]]
      .filter(([status]) => status !== one.status).map(([status, text]) => h("button", { class: status === "resolved" ? "button primary" : "button",
        type: "button", onclick: () => this.#mark(one, status, text) }, text)));
    replace(this, h("p", {}, h("a", { href: "#/breaches" }, "All breaches")),
      h("div", { class: "head" }, h("h1", {}, `${NAMES[one.category] ?? words(one.category)}${one.rule ? `: ${one.rule}` : ""}`), buttons),
      h("div", { class: "cards" },
        card("Risk", h("span", {}, one.risk_score, h("span", { class: "faint" }, " of 99")), badge(SEVERITY[one.severity], one.severity)),
        card("Status", badge(STATUS[one.status], one.status), one.marked_by ? `said by ${one.marked_by}` : "by the time of the last incident"),
        card("Incidents", count(one.incidents), done(one))),
      one.note ? h("section", { class: "card" }, h("h2", {}, "Note"), h("p", {}, one.note)) : null,
      h("div", { class: "two" },
        h("section", { class: "card" }, h("h2", {}, "Where it comes from"), facts([["Key", key], ["Owner", one.owner ?? "–"], ["Project",
          one.project ?? "–"],
          ["Endpoint", words(one.endpoint) || "–"], ["Model", one.model ?? "–"], ["Provider", one.provider ?? "–"], ["Found in",
            `the ${one.direction}`],
          ["First seen", moment(one.first_seen)], ["Last seen", moment(one.last_seen)],
          ["Latest request", one.request ? h("a", { href: "#/requests/" + one.request }, "open it") : "–"]])),
        h("section", { class: "card" }, h("h2", {}, "What to do"), h("ul", { class: "sentences" }, one.recommended_actions.map((text) => h("li",
          {}, advice(text)))),
        h("div", { class: "row" }, h("a", { class: "button small", href: "#/requests" + query({ key: one.key }) }, "Requests of the key"),
          h("a", { class: "button small", href: "#/keys" }, "Keys"), one.category === "firewall" ? h("a", { class: "button small",
            href: "#/firewall" },
            "Firewall") : null))),
      h("div", { class: "two" },
        h("section", { class: "card" }, h("h2", {}, "Evidence"), one.evidence.length
          ? h("ul", { class: "sentences" }, one.evidence.map((text) => h("li", { class: "mono" }, text)))
          : empty("None is kept", "Nothing was written down of these incidents."),
        h("p", { class: "note" }, "The middle of what was found is hidden; the whole is kept nowhere.")),
        h("section", { class: "card" }, h("h2", {}, "Timeline"), h("ol", { class: "path" }, one.timeline.map((point) => h("li", {},
          h("time", { datetime: point.at }, moment(point.at)), point.until ? ["–", h("time", { datetime: point.until }, moment(point.until))] : null,
          h("div", {}, words(point.kind), point.incidents ? `, ${count(point.incidents)} ${point.incidents === 1 ? "incident" : "incidents"}` : "",
            point.actor ? ` by ${point.actor}` : "", point.note ? h("div", { class: "faint" }, point.note) : null)))))));
  }

  async #mark(one, status, text) {
    const answer = await dialog(text, (close) => {
      const note = field("Note", h("textarea", { id: "breach-note", rows: 3, maxlength: 1000, autofocus: true }), "Why; the audit log keeps it");
      const form = h("form", {}, h("p", {}, { investigating: "It stays so while incidents come, until a day of quiet.",
        resolved: "The next incident opens it again.", active: "What was said before is taken back." }[status]), note,
      h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"),
        h("button", { class: "button primary", type: "submit" }, text)));
      form.addEventListener("submit", (event) => { event.preventDefault(); close({ note: note.control.value.trim() }); });
      return form;
    });
    if (!answer) return;
    try {
      await patch("breaches/" + one.id, { status, ...(answer.note ? { note: answer.note } : {}) });
      toast(`The breach is ${status}.`);
      this.#show();
    } catch (problem) {
      toast(problem.message, "bad");
    }
  }
}

customElements.define("swiftlet-breaches", Breaches);
