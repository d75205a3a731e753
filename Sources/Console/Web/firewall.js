// Rules on what may stand in prompts and replies, and what they would do to a text.

import { h, replace, badge, confirm, dialog, empty, failure, field, toast, submits } from "./dom.js";
import { get, named, patch, post, read, remove } from "./api.js";
import { count, words } from "./format.js";
import { conditionText } from "./conditions.js";
import { card, complained, findable, marked, merging, number, row, table } from "./parts.js";

const ACTIONS = { block: ["bad", "blocks"], mask: ["warn", "masks"], warn: ["calm", "warns"], log: ["", "only counts"], allow: ["good", "allows"] };
const TYPES = [["regex", "regular expression"], ["substring", "text as it stands"], ["keywords", "words and phrases"]];
const SCOPES = [["prompt", "prompts"], ["response", "replies"], ["both", "both"]];
const usual = { scope: "prompt", type: "regex", action: "block", priority: 0, enabled: true };
const alias = { contains: "substring", keyword: "keywords", completion: "response", reply: "response" };
const told = (rule, name) => alias[rule[name]] ?? rule[name] ?? usual[name];
const sought = (rule) => (rule.words?.length ? rule.words.join(", ") : rule.pattern ?? "");

/** What the firewall would do: verdict, text with the places marked, text as it would go on. */
function verdict(text, found) {
  const kinds = { block: "bad", mask: "", warn: "calm", log: "calm", allow: "good" };
  const places = found.findings.map((one) => [one.start, one.end, `${one.rule}: ${(ACTIONS[one.action] ?? ["", one.action])[1]}`, kinds[one.action]
    ?? ""]);
  const said = found.action === "block" ? badge("bad", `blocked by ${found.blocked_by}`)
    : found.action === "pass" ? badge("good", "goes on as it is") : badge(...(ACTIONS[found.action] ?? ["warn", found.action]));
  return [h("p", { role: "status" }, said, h("span", { class: "faint" }, ` ${count(found.matches)} found by ${count(found.rules)} rules in ${
    count(found.bytes)} bytes`)), marked(text, places),
  found.action === "mask" ? [h("h3", {}, "What goes on"), h("pre", { class: "texts", tabindex: "0" }, found.text)] : null,
  found.findings.length ? h("ul", { class: "sentences" }, found.findings.slice(0, 20).map((one) => h("li", {}, h("strong", {}, one.rule), ` ${
    (ACTIONS[one.action] ?? ["", one.action])[1]} `, h("code", {}, one.evidence), one.only_when ? ", where its condition holds" : ""))) : null];
}

/** When a rule is asked, in the editor that the rules of policies have, which is read when a form opens. */
function conditionField(when) {
  const help = "Without a condition: all requests";
  const [box, note] = [h("div", { role: "group", "aria-labelledby": "rule-when-name" }), h("p", { class: "note" }, help)];
  const whole = h("div", { class: "field" }, h("p", { class: "field-name", id: "rule-when-name" }, "Only for requests where"), box, note);
  whole.value = when;
  whole.complain = (text) => { note.textContent = text || help; whole.classList.toggle("wrong", Boolean(text)); };
  Promise.all([import("./rules.js"), import("./places.js").then(({ places }) => places())])
    .then(([{ condition }, known]) => {
      // The rest is not known yet when the firewall is asked.
      const fields = known.vocabulary.fields.filter((one) => !/^(guardrail|deployment|provider|complexity|limiter)\./.test(one.name));
      replace(box, condition(when, { ...known, vocabulary: { ...known.vocabulary, fields } }, (now) => { whole.value = now; }));
    }, (problem) => whole.complain(`It stays as it is: ${problem.message}`));
  return whole;
}

/** A text to try on rules; `rules` gives those that are not in force yet, or nothing. */
function tester(id, rules, usualText = "") {
  const text = field("Text", h("textarea", { id, rows: 4, maxlength: 100_000 }, usualText), "Nothing of it is kept");
  text.control.value = usualText;
  const scope = field("As", h("select", { id: id + "-scope" }, [["prompt", "a prompt"], ["reply", "a reply"]].map(([value, name]) => h("option",
    { value },
    name))));
  const out = h("div", {});
  let turn = 0;
  const ask = async () => {
    const mine = ++turn;
    const value = text.control.value;
    if (!value) return replace(out);
    try {
      const found = await post("firewall/test", { text: value, scope: scope.control.value, ...(rules ? { rules: [rules()] } : {}) });
      if (mine === turn) replace(out, verdict(value, found));
    } catch (problem) {
      if (mine === turn) replace(out, h("p", { class: "note wrong", role: "alert" }, problem.fields.map((one) => one.message).join(" ")
        || problem.message));
    }
  };
  let timer;
  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, 250); };
  text.control.addEventListener("input", soon);
  scope.control.addEventListener("change", ask);
  const whole = h("div", {}, text, scope, out);
  whole.soon = soon;
  return whole;
}

class Firewall extends HTMLElement {
  #rules = h("section", { class: "card", "aria-label": "Rules" });
  #cards = h("div", { class: "cards" });

  connectedCallback() {
    replace(this, h("div", { class: "head" }, h("h1", {}, "Firewall"), this.#mayChange ? h("button", { class: "button primary", type: "button",
      onclick: () => this.#edit() }, "New rule") : null), this.#cards, this.#rules,
    h("section", { class: "card" }, h("h2", {}, "Try the rules in force"), tester("firewall-text", null)));
    this.#load();
  }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  async #load() {
    try {
      const [{ data }, breaches] = await Promise.all([get("firewall-rules"), get("breaches?trigger=firewall&limit=500").catch(() => ({ data: [] }))]);
      this.names = data.map((rule) => rule.name);
      const hits = new Map();
      for (const one of breaches.data) hits.set(one.rule, (hits.get(one.rule) ?? 0) + one.incidents);
      const isOn = data.filter((rule) => rule.enabled !== false);
      replace(this.#cards, card("Rules", count(data.length), `${count(isOn.length)} asked, ${count(data.length - isOn.length)} switched off`),
        card("Block", count(isOn.filter((rule) => told(rule, "action") === "block").length), "answered with 422"),
        card("Mask", count(isOn.filter((rule) => told(rule, "action") === "mask").length), "replaced before anything leaves"),
        card("Incidents", count([...hits.values()].reduce((sum, one) => sum + one, 0)), h("a", { href: "#/breaches?trigger=firewall" },
          "see the breaches")));
      if (!data.length) return replace(this.#rules, empty("No rule yet",
        "A rule blocks, masks or warns of what its pattern finds in prompts or replies. "
        + "Begin with one that only counts, and watch it."));
      const sorted = data.map((rule, at) => ({ rule, at })).sort((a, b) => told(b.rule, "priority") - told(a.rule, "priority") || a.at - b.at);
      replace(this.#rules, findable("Search rules", table([["Priority", "number"], ["Name"], ["Looks for", "wide"], ["In", "wide"],
        ["What it does"], ["Incidents", "number wide"], ["Asked"], [""]], sorted.map(({ rule }) => this.#row(rule, hits.get(rule.name))))),
      h("p", { class: "note" }, "The highest priority is asked first. Every rule reads the text as it came, so a mask hides nothing from a block."));
    } catch (problem) {
      replace(this.#rules, failure(problem, () => this.#load()));
    }
  }

  #row(rule, hits) {
    const isOn = rule.enabled !== false;
    const toggle = h("button", { class: "switch", type: "button", role: "switch", "aria-checked": String(isOn), "aria-label": `Ask ${rule.name}`,
      disabled: !this.#mayChange });
    toggle.addEventListener("click", async () => {
      toggle.disabled = true;
      try {
        await patch("firewall-rules/" + named(rule.name), { enabled: !isOn });
        toast(isOn ? `${rule.name} is not asked any more.` : `${rule.name} is asked from now on.`);
      } catch (problem) {
        toast(problem.fields.map((one) => one.message).join(" ") || problem.message, "bad");
      }
      await this.#load();
      [...this.querySelectorAll(".switch")].find((one) => one.getAttribute("aria-label") === `Ask ${rule.name}`)?.focus();
    });
    const element = h("tr", { "data-rule": rule.name }, number(String(told(rule, "priority"))), h("th", { scope: "row" }, rule.name, rule.when
      ? h("div", { class: "faint" }, `only if ${conditionText(rule.when)}`) : null),
    h("td", { class: "wide" }, h("code", {}, sought(rule).slice(0, 120)), h("div", { class: "faint" }, TYPES.find(([type]) => type === told(rule,
      "type"))?.[1] ?? words(rule.type))), h("td", { class: "wide" }, SCOPES.find(([scope]) => scope === told(rule, "scope"))?.[1]),
    h("td", {}, badge(...(ACTIONS[told(rule, "action")] ?? ["", rule.action])), told(rule, "action") === "mask" ? h("div", { class: "faint" }, "as ",
      h("code", {}, rule.replacement ?? "[redacted]")) : null),
    h("td", { class: "number wide" }, hits ? h("a", { href: `#/breaches?trigger=${encodeURIComponent("firewall:" + rule.name)}` }, count(hits))
      : "0"),
    h("td", {}, toggle), h("td", {}, this.#mayChange ? h("button", { class: "button small", type: "button", "aria-label": `Change ${rule.name}`,
      onclick: () => this.#edit(rule.name) }, "Change") : null));
    return element;
  }

  async #edit(name) {
    let [now, etag] = [{}, null];
    try {
      if (name) ({ data: now, etag } = await read("firewall-rules/" + named(name)));
    } catch (problem) {
      return toast(problem.message, "bad");
    }
    const select = (id, list, chosen) => h("select", { id: "rule-" + id }, list.map(([value, text]) => h("option", { value,
      selected: value === chosen },
      text)));
    await dialog(name ?? "New rule", (close) => {
      const fields = {
        name: field("Name", h("input", { id: "rule-name", value: name ?? "", maxlength: 200, autocomplete: "off", disabled: Boolean(name),
          autofocus: !name }), name ? "A rule keeps its name" : "Stands in records and in the refusal"),
        priority: field("Priority", h("input", { id: "rule-priority", type: "number", step: 1, value: told(now, "priority") }), "The highest first"),
        type: field("Looks for a", select("type", TYPES, told(now, "type"))),
        scope: field("In", select("scope", SCOPES, told(now, "scope"))),
        pattern: field("Pattern", h("input", { id: "rule-pattern", class: "mono", value: now.pattern ?? "", autocomplete: "off", spellcheck: "false",
          maxlength: 10_000 }), "In any case; /…/ takes flags of its own"),
        words: field("Words and phrases", h("textarea", { id: "rule-words", rows: 3 }), "One a line, found where words begin and end"),
        action: field("What it does", select("action", Object.entries(ACTIONS).map(([value, [, text]]) => [value, text]), told(now, "action"))),
        replacement: field("Puts in its place", h("input", { id: "rule-replacement", class: "mono", value: now.replacement ?? "",
          placeholder: "[redacted]",
          autocomplete: "off", maxlength: 1000 }), "$1, ${name}: what a group took"),
        when: conditionField(now.when),
      };
      fields.words.control.value = (now.words ?? []).join("\n");
      const show = () => {
        const isWords = fields.type.control.value === "keywords";
        [fields.words.hidden, fields.pattern.hidden] = [!isWords, isWords];
        fields.replacement.hidden = fields.action.control.value !== "mask";
      };
      const draft = () => {
        const text = (part) => fields[part].control.value;
        const isWords = text("type") === "keywords";
        const list = text("words").split("\n").map((word) => word.trim()).filter(Boolean);
        const when = fields.when.value;
        const rule = { priority: Number(text("priority")) || 0, type: text("type"), scope: text("scope"), action: text("action"),
          pattern: isWords ? null : text("pattern"), words: isWords ? list : null, replacement: text("action") === "mask" && text("replacement")
            ? text("replacement") : null, when: when && Object.keys(when).length ? when : null };
        return rule;
      };
      const plain = (rule) => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== null && value !== ""));
      const trying = tester("rule-text", () => {
        const { when: _, ...rule } = plain({ ...draft(), name: fields.name.control.value.trim() || "this rule" });
        return rule;
      });
      const said = h("p", { class: "note wrong", role: "alert", tabindex: "-1" });
      const form = h("form", { novalidate: true }, fields.name, h("div", { class: "pair" }, fields.priority, fields.scope, fields.type,
        fields.action),
        fields.pattern, fields.words, fields.replacement, fields.when, said,
        h("details", { open: !name }, h("summary", {}, "Try it before you save"), trying),
        h("div", { class: "row end" }, name ? h("button", { class: "button danger", type: "button", onclick: () => { close(); this.#erase(name,
          etag); } },
          "Delete") : null, h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"),
        h("button", { class: "button primary", type: "submit" }, name ? "Save" : "Add the rule")));
      form.addEventListener("input", (event) => { show(); if (!trying.contains(event.target)) trying.soon(); });
      submits(form, async () => {
        for (const one of Object.values(fields)) one.complain("");
        const rule = draft();
        const own = fields.name.control.value.trim();
        fields.name.complain(!own ? "A rule needs a name." : !name && this.names?.includes(own) ? "There is a rule of this name already." : "");
        const wanted = rule.type === "keywords" ? fields.words : fields.pattern;
        if (!rule.pattern && !rule.words?.length) wanted.complain("Say what it looks for.");
        const wrong = form.querySelector(".wrong :is(input, textarea)");
        if (wrong) return wrong.focus();
        try {
          if (name) {
            const { name: _, ...base } = now;
            const mine = plain({ ...base, ...rule });
            const { saveMerged } = await merging();
            if (!await saveMerged(["firewall", name], { name, ...mine }, now, etag, `The rule ${name}`)) return;
          } else await post("firewall-rules", { name: own, ...plain(rule) });
          toast(name ? `${name} is changed.` : `${own} is asked from now on.`);
          close();
          this.#load();
        } catch (problem) {
          complained(problem, fields, said);
        }
      });
      show();
      return form;
    });
  }

  async #erase(name, etag) {
    if (!await confirm(`Delete ${name}?`, "What it found stays in the breaches. From now on nothing looks for it.", "Delete it")) return;
    try {
      await remove("firewall-rules/" + named(name), etag);
      toast(`${name} is deleted.`);
    } catch (problem) {
      toast(problem.status === 412 ? `${name} was changed meanwhile: look at it again before you delete it.`
        : problem.fields.map((one) => one.message).join(" ") || problem.message, "bad");
    }
    this.#load();
  }
}

customElements.define("swiftlet-firewall", Firewall);
