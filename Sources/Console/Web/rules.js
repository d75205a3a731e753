// Rules and their conditions.

import { h, append, badge, field, icon, pictureButton, replace } from "./dom.js";
import { words } from "./format.js";
import { form, kindOf, prose } from "./form.js";
import { isAt } from "./treedata.js";
import { reference } from "./parts.js";
import { SAID, conditionText, group, read, test, write } from "./conditions.js";

export { conditionText };

const HOW = [["all", "all of these hold"], ["any", "any of these holds"], ["not", "this does not hold"]];

/** An editor of one condition. */
export function condition(when, places, changed) {
  const root = read(when);
  const element = h("div", { class: "condition" });
  const draw = (focus) => {
    replace(element, groupOf(root, null));
    if (focus) element.querySelector(focus)?.focus();
  };
  const edited = (focus) => { changed(write(root)); draw(focus); };
  const told = () => changed(write(root));
  let ids = 0;

  function groupOf(node, parent) {
    const id = "group-" + ++ids;
    node.id = id;
    const how = h("select", { "aria-label": "How they are joined", id }, HOW.filter(([name]) => parent || name !== "not").map(([name, text]) =>
      h("option", { value: name, selected: node.how === name }, text)));
    how.addEventListener("change", () => {
      node.how = how.value;
      edited("#" + id);
    });
    const add = (item) => { node.items.push(item); edited(`#${id}-items > :last-child select`); };
    const isFull = node.how === "not" && node.items.length > 0;
    return h("div", { class: "test-group" },
      h("div", { class: "row" }, how, parent ? pictureButton("trash", "Remove this group", () => drop(parent, node)) : null),
      h("div", { class: "items", id: id + "-items" }, node.items.map((item) => (item.kind === "group" ? groupOf(item, node)
        : item.kind === "raw" ? rawOf(item, node) : testOf(item, node)))),
      isFull ? null : h("div", { class: "row" },
        h("button", { class: "button small", type: "button", onclick: () => add(test()) }, icon("plus"), "Condition"),
        h("button", { class: "button small", type: "button", onclick: () => add(group(node.how === "all" ? "any" : "all", [test()])) }, icon("plus"),
          "Group")));
  }

  function drop(parent, node) {
    parent.items.splice(parent.items.indexOf(node), 1);
    edited(`#${parent.id}`);
  }

  function rawOf(node, parent) {
    const box = h("textarea", { class: "mono", rows: 2, "aria-label": "Condition as JSON" }, JSON.stringify(node.value));
    box.addEventListener("input", () => { try { node.value = JSON.parse(box.value); told(); } catch { /* not whole yet */ } });
    return h("div", { class: "test" }, box, pictureButton("trash", "Remove this condition", () => drop(parent, node)));
  }

  function testOf(node, parent) {
    const row = rowOf(node.field, places.vocabulary.fields);
    const fields = h("select", { "aria-label": "Field", class: "field-of" }, grouped(places.vocabulary.fields).map(([title, list]) =>
      h("optgroup", { label: title }, list.map((one) => h("option", { value: one.name, selected: one === row }, one.name)))));
    if (!row) fields.prepend(h("option", { value: node.field, selected: true }, node.field));
    fields.addEventListener("change", () => {
      const next = places.vocabulary.fields.find((one) => one.name === fields.value);
      node.field = next.name.replace("<name>", next.name.startsWith("guardrail") ? "pii" : "name");
      if (!next.operators.includes(node.operator)) node.operator = next.operators[0];
      node.value = initial(next, node.operator);
      edited(`#${parent.id}-items > :nth-child(${parent.items.indexOf(node) + 1}) .field-of`);
    });
    const name = row?.name.includes("<name>") ? nameOf(node, row) : null;
    const operators = h("select", { "aria-label": "Comparison", class: "operator-of" }, (row?.operators ?? Object.keys(SAID)).map((one) =>
      h("option", { value: one, selected: node.operator === one }, one === "exists" ? "is there" : SAID[one])));
    operators.addEventListener("change", () => {
      const wasList = ["in", "not_in"].includes(node.operator);
      const isList = ["in", "not_in"].includes(operators.value);
      node.operator = operators.value;
      if (node.operator === "exists") node.value = true;
      else if (isList !== wasList || typeof node.value === "boolean") node.value = isList ? [node.value].flat().filter((one) => one !== "")
        : [node.value].flat()[0] ?? initial(row, node.operator);
      edited(`#${parent.id}-items > :nth-child(${parent.items.indexOf(node) + 1}) .operator-of`);
    });
    const ofText = row && ["text", "any"].includes(row.kind) && ["eq", "ne", "contains", "starts_with", "ends_with",
      "matches"].includes(node.operator);
    const ignore = ofText ? h("label", { class: "inline" }, h("input", { type: "checkbox", checked: Boolean(node.ignores), onchange: (event) => {
      node.ignores = event.target.checked;
      told();
    } }), "ignore case") : null;
    return h("div", { class: "test" }, fields, name, operators, valueOf(node, row), ignore,
      pictureButton("trash", "Remove this condition", () => drop(parent, node)), row ? h("p", { class: "note" }, prose(row.help)) : null);
  }

  function nameOf(node, row) {
    const [before, after] = row.name.split("<name>");
    const input = h("input", { "aria-label": "Name in the field", class: "name-of", value: node.field.slice(before.length,
      node.field.length - after.length),
      list: before === "deployment." || before === "provider." ? "names-" + before.slice(0, -1) : null, autocomplete: "off" });
    input.addEventListener("input", () => { node.field = before + input.value.trim() + after; told(); });
    return input;
  }

  function valueOf(node, row) {
    const options = (names, value, take) => {
      const select = h("select", { "aria-label": "Value" }, names.map(([one, text]) => h("option", { value: one,
        selected: String(value) === one }, text)));
      select.addEventListener("change", () => { node.value = take(select.value); told(); });
      return select;
    };
    if (node.operator === "exists") return options([["true", "yes"], ["false", "no"]], node.value, (text) => text === "true");
    const isList = ["in", "not_in"].includes(node.operator);
    if (row?.kind === "flag" && !isList) return options([["true", "yes"], ["false", "no"]], node.value, (text) => text === "true");
    if (row?.kind === "word" && !isList) return options(row.words.map((one) => [one, one]), node.value, (text) => text);
    const isNumber = row?.kind === "number";
    const value = Array.isArray(node.value) ? node.value.join(", ") : node.value ?? "";
    const input = h("input", { "aria-label": "Value", type: isNumber && !isList ? "number" : "text", step: "any", value,
      placeholder: isList ? "values with commas between" : "", autocomplete: "off" });
    const typed = (text) => (isNumber || (row?.kind === "any" && /^-?\d+(\.\d+)?$/.test(text))
      ? Number(text) : row?.kind === "flag" ? text === "true" : text);
    input.addEventListener("input", () => {
      if (isList) node.value = input.value.split(",").map((one) => one.trim()).filter(Boolean).map(typed);
      else node.value = input.value === "" ? "" : typed(input.value);
      told();
    });
    return input;
  }

  draw();
  append(element, []);
  const lists = h("div", {}, [["deployment", places.deployments], ["provider", places.providers]].map(([name, list]) =>
    h("datalist", { id: "names-" + name }, list.map((one) => h("option", { value: one })))));
  return h("div", {}, element, lists);
}

const initial = (row, operator) => (operator === "exists" ? true : ["in", "not_in"].includes(operator) ? [] : row?.kind === "flag" ? true
  : row?.kind === "word" ? row.words[0] : row?.kind === "number" ? 0 : "");

function rowOf(name, fields) {
  const own = fields.find((one) => one.name === name);
  return own ?? fields.find((one) => {
    if (!one.name.includes("<name>")) return false;
    const [before, after] = one.name.split("<name>");
    return name.startsWith(before) && name.endsWith(after) && name.length > before.length + after.length;
  }) ?? fields.find((one) => one.name.includes("<name>") && name === one.name.replace("<name>", ""));
}

function grouped(fields) {
  const groups = new Map();
  for (const one of fields) {
    const title = one.name.startsWith("project.budget") ? "project budget" : one.name.split(".")[0];
    groups.set(title, [...(groups.get(title) ?? []), one]);
  }
  return [...groups];
}

/** What a rule does, in words. */
export function actionText(then) {
  const said = [];
  if (then?.deny !== undefined) said.push(`refuse with “${then.deny}”`);
  if (then?.route !== undefined) said.push(`route to ${typeof then.route === "string" ? then.route : "a tree of its own"}`);
  if (then?.policy !== undefined) said.push(`go by the policy ${then.policy}`);
  if (then?.model !== undefined) said.push(`use ${then.model}`);
  if (then?.provider !== undefined) said.push(`at ${then.provider}`);
  if (then?.mode !== undefined) said.push(`choose by ${words(then.mode)}`);
  if (then?.params !== undefined) said.push(`set ${Object.keys(then.params).join(", ")}`);
  if (then?.add_tags !== undefined) said.push(`add the tags ${[then.add_tags].flat().join(", ")}`);
  if (then?.warn !== undefined) said.push(`warn “${then.warn}”`);
  return said.join(", ") || "nothing yet";
}

/** The list of a policy's rules. `tree`: makes an editor of a route. */
export class RulesEditor {
  element = h("div", { class: "rules" });
  #rules;
  #list = h("ol", { class: "rule-list", "aria-label": "Rules" });
  #open = new Set();
  #problems = [];
  #trees = new Map();

  constructor(rules, places, schema, path, changed, tree, isReadOnly, open = []) {
    Object.assign(this, { places, path, changed, tree, isReadOnly });
    this.schema = kindOf(schema).schema;
    this.#rules = structuredClone(Array.isArray(rules) ? rules : rules ? [rules] : []);
    this.#open = new Set(this.#rules.filter((_, at) => open.includes(at)));
    append(this.element, [this.#list, isReadOnly ? null : h("button", { class: "button", type: "button", onclick: () => this.#add() }, icon("plus"),
      "Add rule")]);
    this.#draw();
  }

  get open() { return [...this.#rules.keys()].filter((at) => this.#open.has(this.#rules[at])); }
  get value() { return this.#rules.length ? this.#rules : undefined; }

  complain(problems) {
    this.#problems = problems;
    this.#rules.forEach((rule, at) => {
      const path = `${this.path}[${at}]`;
      let own = problems.filter((one) => isAt(one.path, path));
      const item = this.#list.children[at];
      if (!item) return;
      own = this.#trees.get(at)?.complain(own) ?? own;
      if (item.form) own = item.form.complain(own, path);
      const note = item.querySelector(":scope > .problem");
      note.textContent = own.map((one) => one.message).join(" ");
      item.classList.toggle("wrong", own.length > 0);
    });
    return problems.filter((one) => !isAt(one.path, this.path));
  }

  #add() {
    let name = "new rule";
    for (let at = 2; this.#rules.some((rule) => rule.name === name); at += 1) name = `new rule ${at}`;
    this.#rules.push({ name, when: { "request.model": { eq: "" } }, then: {} });
    this.#open.add(this.#rules.at(-1));
    this.#edited();
    this.#list.lastChild.querySelector("input")?.focus();
  }

  #edited(at, focus) {
    this.#draw();
    this.changed();
    if (at !== undefined) this.#list.children[at]?.querySelector(focus)?.focus();
  }

  #draw() {
    this.#trees.clear();
    replace(this.#list, this.#rules.map((rule, at) => this.#rule(rule, at)));
    if (!this.#rules.length) {
      append(this.#list, [h("li", { class: "empty" }, h("h3", {}, "No rules"),
        h("p", {}, "A rule sends requests elsewhere, changes or refuses them, where its condition holds."))]);
    }
    this.complain(this.#problems);
  }

  #rule(rule, at) {
    const isOpen = this.#open.has(rule);
    const isOwn = rule.then !== undefined || rule.use !== undefined;
    const title = rule.name ?? `rule ${at + 1}`;
    const toggle = h("button", { class: "plain rule-head", type: "button", "aria-expanded": String(isOpen) },
      h("strong", {}, title), h("span", { class: "faint" }, `priority ${rule.priority ?? 0}`),
      rule.enabled === false ? badge("warn", "off") : null, h("span", { class: "sentence" }, this.#sentence(rule)));
    toggle.addEventListener("click", () => {
      this.#open[isOpen ? "delete" : "add"](rule);
      this.#draw();
      this.#list.children[at].querySelector(".rule-head").focus();
    });
    const swap = (step) => {
      [this.#rules[at], this.#rules[at + step]] = [this.#rules[at + step], this.#rules[at]];
      this.#edited(at + step, step < 0 ? "[data-act=up]" : "[data-act=down]");
    };
    const acts = this.isReadOnly ? null : h("span", { class: "row" },
      pictureButton("up", `Move ${title} up`, () => swap(-1), { disabled: at === 0, "data-act": "up" }),
      pictureButton("down", `Move ${title} down`, () => swap(1), { disabled: at === this.#rules.length - 1, "data-act": "down" }),
      pictureButton("trash", `Remove ${title}`, () => { this.#rules.splice(at, 1); this.#edited(); }));
    const item = h("li", { class: "card rule" }, h("div", { class: "rule-row" }, toggle, acts),
      h("p", { class: "problem note wrong", "aria-live": "polite" }));
    if (isOpen) append(item, [isOwn || Object.keys(rule).length < 2 ? this.#editor(rule, at, item) : this.#text(rule, at)]);
    return item;
  }

  #sentence(rule) {
    const lost = this.places.lost(rule);
    return [rule.after ? `After ${[rule.after].flat().map(words).join(" or ")}${rule.when ? ", if " : ""}` : "If ",
      rule.when || !rule.after ? conditionText(rule.when) : "", ": ", actionText(rule.then ?? rule.use),
      lost.length ? [" ", badge("bad", "missing"), " ", lost.map((name, at) => [at ? ", " : "", reference(name, false)])] : null];
  }

  /** A rule in another system's form. */
  #text(rule, at) {
    const box = h("textarea", { class: "mono", rows: 8 }, JSON.stringify(rule, null, 1));
    const whole = field("The rule as JSON", box, "It is written in another system's form");
    box.addEventListener("input", () => {
      try {
        const value = JSON.parse(box.value);
        this.#open.delete(rule);
        this.#rules[at] = value;
        this.#open.add(value);
        whole.complain("");
        this.changed();
      } catch (error) {
        whole.complain(`This is no JSON yet: ${error.message}`);
      }
    });
    return whole;
  }

  #editor(rule, at, item) {
    const path = `${this.path}[${at}]`;
    const special = {
      when: (value, changed) => {
        let now = value;
        return [condition(value, this.places, (when) => { now = when; changed(); }), () => now];
      },
    };
    const then = kindOf(this.schema.properties.then).schema;
    const actions = form(then, rule.then, { only: ["deny", "model", "provider", "mode", "add_tags", "warn", "params"], skip: ["route"],
      changed: () => take() });
    const tree = this.tree(rule.then?.route, `${path}.then.route`, () => take());
    this.#trees.set(at, { complain: (problems) => tree.complain(problems) });
    const fields = form(this.schema, rule, { only: ["name", "priority", "enabled", "after", "when"], skip: ["then", "use"], special,
      changed: () => take() });
    const take = () => {
      const { then: _, ...rest } = fields.value ?? {};
      const acts = { ...(actions.value ?? {}) };
      delete acts.route;
      const route = tree.value;
      for (const name of Object.keys(rule)) if (name !== "use") delete rule[name];
      Object.assign(rule, rest, { then: { ...(route === undefined ? {} : { route }), ...acts } });
      if (rule.use && !Object.keys(rule.then).length) delete rule.then;
      const head = item.querySelector(".rule-head");
      head.querySelector("strong").textContent = rule.name ?? "";
      replace(head.querySelector(".sentence"), this.#sentence(rule));
      this.changed();
    };
    item.form = { complain: (problems, own) => actions.complain(fields.complain(problems, own), `${own}.then`) };
    return h("div", { class: "rule-body" }, fields, h("h2", {}, "Then"), h("div", { class: "field broad" }, h("p", { class: "field-name" },
      "Route to"),
      tree.element), actions);
  }
}
