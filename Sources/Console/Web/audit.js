// Who changed what, what it was before and after, and whether the log is as it was written.

import { h, replace, badge, empty, failure, copyButton } from "./dom.js";
import { get, query } from "./api.js";
import { count, moment, words } from "./format.js";
import { pages } from "./parts.js";

/** Lines of two values: what is only in one of them is taken out or put in. */
function difference(before, after) {
  const lines = (value) => (value === null || value === undefined ? [] : flat(value, ""));
  const [old, now] = [lines(before), lines(after)];
  const [had, has] = [new Set(old), new Set(now)];
  const out = [...old.filter((line) => !has.has(line)).map((line) => h("del", {}, h("span", { class: "unseen" }, "before: "), "− " + line)),
    ...now.filter((line) => !had.has(line)).map((line) => h("ins", {}, h("span", { class: "unseen" }, "after: "), "+ " + line))];
  return out.length ? out : [h("span", { class: "faint" }, "Nothing that is shown differs: what changed is a secret, or only how it is written.")];
}

function flat(value, path) {
  if (value === null || typeof value !== "object") return [`${path || "value"}: ${typeof value === "string" ? value : JSON.stringify(value)}`];
  const entries = Object.entries(value);
  if (!entries.length) return [`${path || "value"}: ${Array.isArray(value) ? "[]" : "{}"}`];
  return entries.flatMap(([name, member]) => flat(member, path ? `${path}.${name}` : name));
}

class Audit extends HTMLElement {
  #asked = new AbortController();
  #said = h("div", { role: "status" });
  #body = h("section", { class: "card", "aria-label": "Changes" });
  #text = "";

  connectedCallback() {
    const verify = h("button", { class: "button primary", type: "button" }, "Verify");
    verify.addEventListener("click", () => this.#verify(verify));
    const text = h("input", { type: "search", id: "audit-text", "aria-label": "Only with this text", placeholder: "who, what, or of what",
      maxlength: 200 });
    text.addEventListener("input", () => {
      this.#text = text.value.trim().toLowerCase();
      this.#filter();
    });
    replace(this, h("div", { class: "head" }, h("h1", {}, "Audit log"), verify), this.#said, h("div", { class: "tools" }, text), this.#body);
    this.#load();
  }

  disconnectedCallback() { this.#asked.abort(); }

  async #load() {
    const list = h("ol", { class: "log-list" });
    const foot = h("div", { class: "row end" });
    const read = (cursor) => get("audit" + query({ cursor, limit: 50 }), { signal: this.#asked.signal });
    const add = pages(list, foot, read, (rows) => rows.map((entry) => this.#line(entry)));
    this.list = list;
    try {
      const page = await read();
      if (!page.data.length) return replace(this.#body, h("h2", {}, "Changes"), empty("Nothing was changed yet",
        "Whoever changes a setting, a key or a breach stands here."));
      add(page);
      new MutationObserver(() => this.#filter()).observe(list, { childList: true });
      replace(this.#body, list, foot);
    } catch (problem) {
      if (problem.name !== "AbortError") replace(this.#body, failure(problem, () => this.#load()));
    }
  }

  #filter() {
    for (const line of this.list?.children ?? []) line.hidden = Boolean(this.#text) && !line.dataset.text.includes(this.#text);
  }

  #line(entry) {
    const more = entry.before === null && entry.after === null ? null
      : h("details", {}, h("summary", {}, "Before and after"), h("div", { class: "changes" }, difference(entry.before, entry.after)),
        h("p", { class: "faint mono" }, `number ${entry.number}, hash ${entry.hash.slice(0, 16)}…`, entry.request_id ? `, ${entry.request_id}` : ""));
    return h("li", { class: "log-line", "data-text": `${entry.actor} ${entry.role} ${entry.action} ${entry.subject}`.toLowerCase() },
      h("time", { datetime: entry.at }, moment(entry.at)),
      h("span", {}, entry.actor, h("span", { class: "faint" }, ` ${entry.role}`)),
      h("div", {}, h("strong", {}, words(entry.action)), " ", h("span", { class: "mono" }, entry.subject), more));
  }

  async #verify(button) {
    button.disabled = true;
    replace(this.#said, h("p", { class: "faint" }, "Reading the whole chain …"));
    try {
      const found = await get("audit/verify", { signal: this.#asked.signal });
      replace(this.#said, h("div", { class: "card" }, found.ok
        ? [badge("good", `All ${count(found.entries)} entries are as they were written`), found.last_hash ? h("div", {},
          h("p", { class: "faint" }, "Note the hash of the last one elsewhere: it will show that nothing was cut off."),
          h("div", { class: "row" }, h("code", { tabindex: "0" }, found.last_hash), copyButton(() => found.last_hash))) : null]
        : [badge("bad", `Entry ${found.first_broken} is not as it was written`), h("p", {},
          `Of the chain ${count(found.entries)} entries before it are good. `
          + "Somebody has changed the database: compare it with a backup, and with hashes that you have noted.")]));
    } catch (problem) {
      if (problem.name !== "AbortError") replace(this.#said, failure(problem, () => this.#verify(button)));
    }
    button.disabled = false;
  }
}

customElements.define("swiftlet-audit", Audit);
