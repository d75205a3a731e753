// The editor of a route tree. Everything goes by mouse, by touch and by keyboard: a node's handle is dragged, or moved by arrow keys.

import { h, append, badge, pictureButton, replace, icon } from "./dom.js";
import { percent, words } from "./format.js";
import { form } from "./form.js";
import * as data from "./treedata.js";
import { condition, conditionText } from "./rules.js";

const STATES = { closed: ["good", "serves"], half_open: ["warn", "is tried"], open: ["bad", "rests"] };
const ARROWS = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };
const MOVES = [["up", "up", "Move up"], ["down", "down", "Move down"], ["in", "into", "Move into the strategy beside it"], ["out", "out",
  "Move out"]];

let lists = 0;

const short = (value) => (Array.isArray(value) ? value.map(words).join(", ") : JSON.stringify(value).replaceAll('"', ""));

export class TreeEditor {
  element = h("div", { class: "tree" });
  #root = null;
  #open = new Set();
  #problems = [];
  #places;
  #listID = "targets-" + ++lists;
  #said = h("p", { class: "unseen", role: "status" });
  #list = h("div", {});
  #drag = null;

  /** `places`: what routes may name, see places.js. `path`: where the tree stands in the settings. `open`: paths of nodes whose settings show. */
  constructor(value, places, path, changed, isReadOnly = false, open = []) {
    this.#places = places;
    this.path = path;
    this.changed = changed;
    this.isReadOnly = isReadOnly;
    append(this.element, [
      h("datalist", { id: this.#listID }, places.offers.map((one) => h("option", { value: one.name }, one.what))), this.#list, this.#said]);
    this.#root = value === undefined || value === null ? null : data.read(value, this.#places.strategies);
    data.place(this.#root, path);
    for (const [node] of data.all(this.#root)) if (open.includes(node.path)) this.#open.add(node.id);
    this.#draw();
  }

  get open() { return [...data.all(this.#root)].filter(([node]) => this.#open.has(node.id)).map(([node]) => node.path); }

  get value() { return data.write(this.#root); }

  /** Shows problems; returns those that belong to no node. */
  complain(problems) {
    const own = problems.filter((one) => data.isAt(one.path, this.path));
    this.#problems = own;
    this.#mark();
    return problems.filter((one) => !own.includes(one));
  }

  #mark() {
    data.place(this.#root, this.path);
    const nodes = [...data.all(this.#root)].map(([node]) => node);
    const taken = new Map();
    for (const problem of this.#problems) {
      const near = nodes.filter((node) => data.isAt(problem.path, node.branchPath ?? node.path))
        .sort((a, b) => (b.branchPath ?? b.path).length - (a.branchPath ?? a.path).length)[0];
      const id = near?.id ?? "";
      taken.set(id, [...(taken.get(id) ?? []), problem.message]);
    }
    for (const note of this.#list.querySelectorAll(".problem")) {
      const texts = taken.get(note.dataset.for) ?? [];
      note.textContent = texts.join(" ");
      note.closest(".node, .tree-empty")?.firstElementChild?.classList.toggle("wrong", texts.length > 0);
      const control = note.closest(".node")?.querySelector(".what");
      if (control) control.setAttribute("aria-invalid", texts.length > 0 ? "true" : "false");
    }
  }

  // Drawing

  #draw(focus) {
    if (!this.#root) {
      replace(this.#list, h("div", { class: "tree-empty" },
        h("div", { class: "empty" }, h("h3", {}, "No route yet"), h("p", {}, "Add a target that serves, or a strategy that chooses among targets.")),
        this.isReadOnly ? null : h("div", { class: "row center" }, this.#adder("Target", () => this.#plant(data.target(""))),
          this.#adder("Strategy", () => this.#plant(data.choice("fallback")))), h("p", { class: "problem note wrong", "data-for": "" })));
    } else {
      replace(this.#list, h("ol", { class: "nodes root", "aria-label": "Route" }, this.#node(this.#root, null)));
    }
    this.#mark();
    if (focus) this.#list.querySelector(`[data-id="${focus[0]}"] ${focus[1]}`)?.focus();
  }

  #plant(node) {
    this.#root = node;
    this.#edited([node.id, ".what"]);
  }

  #edited(focus) {
    this.#draw(focus);
    this.changed();
  }

  #adder(name, act) {
    return h("button", { class: "button small add", type: "button", onclick: act }, icon("plus"), name);
  }

  #node(node, parent) {
    const item = h("li", { class: `node ${node.kind}`, "data-id": node.id });
    const isOpen = this.#open.has(node.id);
    const name = this.#name(node);
    const row = h("div", { class: "node-row" },
      parent && !this.isReadOnly ? this.#handle(node, name) : null, this.#control(node),
      parent && data.hasShares(parent) ? this.#weight(node, parent) : null, this.#facts(node, parent), h("span", { class: "space" }),
      this.isReadOnly ? null : [
        h("button", { class: "plain", type: "button", "aria-label": `Settings of ${name}`, "aria-expanded": String(isOpen), title: "Settings",
          onclick: () => { this.#open[isOpen ? "delete" : "add"](node.id); this.#draw([node.id, "[aria-expanded]"]); } }, icon("sliders")),
        pictureButton("trash", `Remove ${name}`, () => this.#remove(node, parent, name))]);
    append(item, [parent?.strategy === "conditional" ? this.#branch(node) : null, row,
      h("p", { class: "problem note wrong", "data-for": node.id, id: node.id + "-problem", "aria-live": "polite" }),
      isOpen ? this.#details(node, parent) : null]);
    if (node.kind === "choice") {
      append(item, [h("ol", { class: "nodes", "aria-label": `In ${name}` }, node.children.map((child) => this.#node(child, node)))]);
      if (!this.isReadOnly) append(item, [this.#adders(node)]);
    }
    return item;
  }

  #adders(node) {
    const add = (child) => {
      data.insert(node, child, node.children.at(-1)?.isDefault ? node.children.length - 1 : undefined);
      this.#edited([child.id, ".what"]);
    };
    const isConditional = node.strategy === "conditional";
    const hasDefault = node.children.some((one) => one.isDefault);
    const otherwise = () => {
      const child = data.target("");
      child.isDefault = true;
      data.insert(node, child);
      this.#edited([child.id, ".what"]);
    };
    return h("div", { class: "row adds" }, this.#adder("Target", () => add(data.target(""))),
      this.#adder("Strategy", () => add(data.choice("fallback"))),
      isConditional ? this.#adder("Refusal", () => add(data.refusal())) : null,
      isConditional && !hasDefault ? this.#adder("Otherwise", otherwise) : null);
  }

  #name(node) {
    if (node.kind === "target") return node.name || "a new target";
    if (node.kind === "refusal") return "a refusal";
    return node.kind === "raw" ? "a route as JSON" : words(node.strategy);
  }

  #control(node) {
    const described = { "aria-describedby": node.id + "-problem", disabled: this.isReadOnly };
    if (node.kind === "choice") {
      const known = this.#places.strategies;
      const names = [...new Set([...known.values()])].map((one) => one.name);
      const select = h("select", { class: "what strategy", "aria-label": "Strategy", ...described }, names.map((one) =>
        h("option", { value: one, selected: one === node.strategy }, words(one))));
      select.addEventListener("change", () => { data.change(node, select.value, known); this.#edited([node.id, ".what"]); });
      return select;
    }
    if (node.kind === "refusal") {
      const name = node.branch.answer === undefined ? "deny" : "answer";
      const input = h("input", { class: "what", "aria-label": name === "deny" ? "Refuse with this text" : "Answer with this text",
        value: node.branch[name] ?? "", placeholder: "Why it is refused", ...described });
      input.addEventListener("input", () => { node.branch[name] = input.value; this.changed(); });
      return [badge("bad", name === "deny" ? "refuse" : "answer"), input];
    }
    if (node.kind === "raw") {
      const box = h("textarea", { class: "what mono", rows: 5, "aria-label": "Route as JSON", spellcheck: "false", ...described },
        JSON.stringify(node.value, null, 1));
      box.addEventListener("input", () => {
        try { node.value = JSON.parse(box.value); } catch { node.value = box.value; }
        this.changed();
      });
      return box;
    }
    const input = h("input", { class: "what", "aria-label": "Target", list: this.#listID, value: node.name, autocomplete: "off", spellcheck: "false",
      placeholder: "a model, a route, or provider/model", ...described });
    input.addEventListener("input", () => {
      node.name = input.value.trim();
      const facts = input.closest(".node-row").querySelector(".facts-of");
      facts?.replaceWith(this.#facts(node, data.find(this.#root, node.id)?.parent));
      this.changed();
    });
    return input;
  }

  #weight(node, parent) {
    const input = h("input", { class: "weight", type: "number", min: "0", step: "any", "aria-label": `Share of ${this.#name(node)}`,
      value: node.more.weight ?? "", placeholder: "1", disabled: this.isReadOnly });
    const part = () => { const share = data.share(parent, node); return share === null ? "" : percent(share, 0); };
    const said = h("span", { class: "faint part" }, part());
    input.addEventListener("input", () => {
      if (input.value === "") delete node.more.weight;
      else node.more.weight = Number(input.value);
      for (const child of parent.children) {
        const share = data.share(parent, child);
        const other = this.#list.querySelector(`[data-id="${child.id}"] > .node-row .part`);
        if (other) other.textContent = share === null ? "" : percent(share, 0);
      }
      this.changed();
    });
    return h("span", { class: "node-share" }, input, said);
  }

  /** What is known of a node beside what is set. */
  #facts(node) {
    const said = h("span", { class: "facts-of faint" });
    if (node.kind === "choice") {
      const set = Object.entries(node.options).map(([name, value]) => `${words(name)} ${short(value)}`);
      append(said, [set.length ? set.join(", ") : this.#places.strategies.get(node.strategy)?.help ?? ""]);
    }
    if (node.kind === "target" && node.name) {
      const found = this.#places.find(node.name);
      if (!found) append(said, [badge("bad", "missing")]);
      else if (found.state) append(said, [badge(...(STATES[found.state] ?? ["warn", words(found.state)]))]);
      else append(said, [found.what]);
    }
    const extra = Object.keys(node.more ?? {}).filter((name) => name !== "weight");
    if (extra.length) append(said, [h("span", { class: "chips" }, extra.map((name) => h("span", { class: "chip" },
      `${words(name)} ${short(node.more[name])}`)))]);
    return said;
  }

  #branch(node) {
    if (node.isDefault) return h("p", { class: "when" }, h("strong", {}, "Otherwise"));
    const text = h("span", { class: "condition-text" }, conditionText(node.branch.when));
    const body = h("div", {});
    const button = h("button", { class: "button small", type: "button", "aria-expanded": "false" }, "Edit condition");
    button.addEventListener("click", () => {
      const isOpen = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!isOpen));
      replace(body, isOpen ? null : condition(node.branch.when, this.#places, (when) => {
        node.branch.when = when;
        text.textContent = conditionText(when);
        this.changed();
      }));
      if (!isOpen) body.querySelector("select, button")?.focus();
    });
    return h("div", { class: "when" }, h("p", { class: "row" }, h("strong", {}, "If"), text, this.isReadOnly ? null : button), body);
  }

  #details(node, parent) {
    const act = (label, picture, name, run) => h("button", { class: "button small", type: "button", "data-act": name, onclick: run },
      picture ? icon(picture) : null, label);
    const buttons = parent ? MOVES.map(([step, picture, label]) => act(label, picture, step, () => this.#move(node, step))) : [];
    const wrapped = act("Put into a strategy", null, "wrap", () => {
      const id = node.id;
      this.#root = data.wrap(this.#root, id, "fallback");
      const outer = data.find(this.#root, id).parent;
      this.#edited([outer.id, ".what"]);
    });
    const twin = parent ? act("Duplicate", null, "copy", () => {
      const copy = data.read(structuredClone(data.write(node) ?? ""), this.#places.strategies);
      if (node.branch) copy.branch = structuredClone(node.branch);
      if (node.kind === "refusal") Object.assign(copy, { kind: "refusal" });
      data.insert(parent, Object.assign(copy, node.more.weight === undefined ? {} : { more: { ...copy.more, weight: node.more.weight } }),
        parent.children.indexOf(node) + 1);
      this.#edited([copy.id, ".what"]);
    }) : null;
    return h("div", { class: "details" }, h("div", { class: "row", role: "group", "aria-label": "Place" }, buttons,
      node.kind === "refusal" ? null : wrapped, twin), this.#options(node, parent));
  }

  #options(node, parent) {
    if (node.kind === "raw" || node.kind === "refusal") return null;
    const changed = () => {
      const value = fields.value ?? {};
      if (node.kind === "choice") node.options = value;
      else node.more = { ...(node.more.weight === undefined ? {} : { weight: node.more.weight }), ...value };
      const row = this.#list.querySelector(`[data-id="${node.id}"] > .node-row`);
      row?.querySelector(".facts-of")?.replaceWith(this.#facts(node, parent));
      this.changed();
    };
    let fields;
    if (node.kind === "choice") {
      const schema = this.#places.strategies.get(node.strategy).options;
      if (Object.keys(schema.properties).length < 2) return h("p", { class: "note" }, "This strategy has no settings of its own.");
      fields = form(schema, node.options, { changed });
    } else {
      const { vocabulary } = this.#places;
      const { weight, ...more } = node.more;
      const skip = ["provider", "model", "weight"];
      fields = node.isLeaf ? form(vocabulary.deployment, more, { only: ["on", "timeout", "max_retries", "params"], rest: true, skip, changed })
        : form(vocabulary.target, more, { skip: ["name", ...skip], changed });
    }
    return fields;
  }

  // Changing

  #remove(node, parent, name) {
    if (parent) {
      const at = parent.children.indexOf(node);
      data.remove(this.#root, node.id);
      const next = parent.children[at] ?? parent.children[at - 1] ?? parent;
      this.#said.textContent = `${name} is removed.`;
      return this.#edited([next.id, ".what"]);
    }
    this.#root = null;
    this.#said.textContent = "The route is empty.";
    this.#draw();
    this.#list.querySelector("button")?.focus();
    this.changed();
  }

  #move(node, step, focus = `[data-act="${step}"]`) {
    if (!data.move(this.#root, node.id, step)) {
      this.#said.textContent = step === "in" ? "There is no strategy beside it to move into." : "It cannot go further that way.";
      return;
    }
    this.#tell(node);
    this.#edited([node.id, focus]);
  }

  #tell(node) {
    const { parent, at } = data.find(this.#root, node.id);
    this.#said.textContent = `${this.#name(node)} is number ${at + 1} of ${parent.children.length} in ${this.#name(parent)} now.`;
  }

  #handle(node, name) {
    const handle = h("button", { class: "plain handle", type: "button", "aria-label": `Move ${name}: arrow keys, or drag`,
      title: "Drag, or arrow keys" },
      icon("grip"));
    handle.addEventListener("keydown", (event) => {
      const step = ARROWS[event.key];
      if (!step) return;
      event.preventDefault();
      this.#move(node, step, ".handle");
    });
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      this.#drag = { node, goal: null };
      handle.closest(".node").classList.add("dragged");
    });
    handle.addEventListener("pointermove", (event) => { if (this.#drag?.node === node) this.#over(event); });
    const end = (isDone) => () => {
      const { goal } = this.#drag ?? {};
      this.#drag = null;
      for (const one of this.#list.querySelectorAll(".dragged, .drop-before, .drop-after, .drop-into")) {
        one.classList.remove("dragged", "drop-before", "drop-after", "drop-into");
      }
      if (!isDone || !goal || !data.drop(this.#root, node.id, ...goal)) return;
      this.#tell(node);
      this.#edited([node.id, ".handle"]);
    };
    handle.addEventListener("pointerup", end(true));
    handle.addEventListener("pointercancel", end(false));
    return handle;
  }

  #over(event) {
    for (const one of this.#list.querySelectorAll(".drop-before, .drop-after, .drop-into")) one.classList.remove("drop-before", "drop-after",
      "drop-into");
    this.#drag.goal = null;
    const row = document.elementFromPoint(event.clientX, event.clientY)?.closest(".node-row");
    const item = row?.closest(".node");
    if (!item || !this.#list.contains(item) || item.classList.contains("dragged")) return;
    const goal = data.find(this.#root, item.dataset.id);
    if (!goal || data.holds(this.#drag.node, goal.node)) return;
    const box = row.getBoundingClientRect();
    const part = (event.clientY - box.top) / box.height;
    const isChoice = goal.node.kind === "choice";
    const where = !goal.parent || (isChoice && part > 0.3) ? "into" : part < 0.5 ? "before" : "after";
    this.#drag.goal = [goal.node.id, where];
    row.classList.add("drop-" + where);
  }
}
