// One policy, route or model: its tree, rules and the rest, checked as it is typed, shown as a difference before it is saved.

import { h, append, badge, confirm, dialog, empty, failure, icon, replace, toast } from "./dom.js";
import { unsaved } from "./parts.js";
import { Problem, get, post, read, setting } from "./api.js";
import { diff } from "./diff.js";
import { form, optional, kindOf, readable } from "./form.js";
import { saveMerged } from "./merge.js";
import { places } from "./places.js";
import { RulesEditor } from "./rules.js";
import { Steps, redrawn } from "./steps.js";
import { TreeEditor } from "./tree.js";
import { isAt, isMap, routeOfGroup } from "./treedata.js";
import { WORDS, askName, tell } from "./routes.js";

const PARTS = [
  ["retry", "Retries", "Whether and when a deployment is asked again."], ["breaker", "Breaker", "When deployments rest."],
  ["hedge", "Hedged requests", "A second attempt beside a slow one; never where asking twice may act twice."],
  ["commit_gate", "Commit gate", "What a stream must show before its first byte goes to the client."],
  ["cache", "Kept answers", "Answers that are kept and given again."], ["shadow", "Shadow",
    "Another policy that decides beside this one, of which nothing is carried out."],
];
const GENERAL = ["description", "timeout", "override_model", "continue_streams", "prompt_cache_affinity", "virtual_key", "enabled"];
const OF_MODEL = ["aliases", "hidden", "timeout", "max_retries", "fallbacks", "context_window_fallbacks", "content_policy_fallbacks"];

export class RouteEditor {
  element = h("div", { class: "route-edit" });
  #status = h("p", { class: "check", role: "status" });
  #bar = h("div", { class: "save-bar", hidden: true });
  #others = h("ul", { class: "others" });
  #timer = 0;
  #turn = 0;
  #problems = [];
  #complain = [];
  #steps = new Steps((value, tab) => {
    this.value = value;
    redrawn(this.panel, () => this.show(tab ?? this.tab));
    this.#check();
  }, () => this.mayChange && ["route", "rules", "attempts"].includes(this.tab));

  constructor(screen, section, name, search) {
    Object.assign(this, { screen, section, name });
    this.isNew = search.has("new");
    this.path = name === null ? [section] : [section, name];
    this.title = name ?? "Rules for every policy";
    this.tab = search.get("tab") ?? "route";
    this.onunload = (event) => { if (this.isChanged) event.preventDefault(); };
    addEventListener("beforeunload", this.onunload);
  }

  gone() { removeEventListener("beforeunload", this.onunload); this.#steps.end(); clearTimeout(this.#timer); }

  /** Whether the page may be left; asks where something is unsaved, and goes on by itself. */
  leave() {
    if (!this.isChanged || this.isLeaving) { this.gone(); return true; }
    return !unsaved(this.hash, this.title, () => { this.isLeaving = true; });
  }

  get isChanged() { return JSON.stringify(this.value) !== JSON.stringify(this.base); }
  get mayChange() { return this.screen.mayChange; }

  async load() {
    this.hash = location.hash;
    if (this.section === "history") {
      const { wholeHistory } = await import("./history.js");
      return replace(this.element, wholeHistory(this.screen));
    }
    try {
      if (!WORDS[this.section] || (this.name === "" && this.section !== "rules")) throw new Problem(404, "",
        "There is no such page here. Go back to the list.");
      const [found, known, schema] = await Promise.all([this.isNew ? { data: { value: undefined }, etag: null } : this.#read(), places(),
        this.section === "routes" ? null : get("schema/" + this.section)]);
      Object.assign(this, { base: found.data.value, value: structuredClone(found.data.value), etag: found.etag, known, schema });
      if (this.isNew && this.value === undefined) this.value = this.section === "routes" ? undefined : {};
      if (this.isNew) this.base = undefined;
      this.#steps.add(this.value);
      this.#draw();
      if (this.isChanged) this.#changed();
    } catch (problem) {
      replace(this.element, back(), failure(problem, () => this.load()));
    }
  }

  async #read() {
    try {
      return await read(setting(this.path));
    } catch (problem) {
      if (problem.status === 404 && this.section === "rules") return { data: { value: undefined }, etag: null };
      if (problem.status === 404) problem.message = `There is no ${WORDS[this.section]} ${this.name}. It may have been deleted: see the history.`;
      throw problem;
    }
  }

  // The page

  #draw() {
    const isPolicy = this.section === "policies";
    const state = this.value?.expires ? badge("calm", "draft") : this.value?.enabled === false ? badge("warn", "not active") : null;
    const tabs = [
      this.section === "rules" ? null : ["route", "Route"], isPolicy || this.section === "rules" ? ["rules", "Rules"] : null,
      isPolicy || this.section === "models" ? ["attempts", isPolicy ? "Attempts" : "Settings"] : null,
      this.isNew || this.section === "rules" ? null : ["test", "Test"], this.isNew || !isPolicy ? null : ["replay", "Replay"],
      this.isNew || !isPolicy ? null : ["canary", "Canary"], this.isNew ? null : ["history", "History"]].filter(Boolean);
    if (!tabs.some(([name]) => name === this.tab)) this.tab = tabs[0][0];
    this.panel = h("div", { role: "tabpanel", tabindex: "0", class: "panel", id: "route-panel" });
    this.bar = h("div", { role: "tablist", "aria-label": "Parts", class: "tabs" }, tabs.map(([name, text]) =>
      h("button", { role: "tab", type: "button", "data-name": name, onclick: () => this.show(name) }, text,
        h("span", { class: "unseen" }, ""), h("span", { class: "dot", "aria-hidden": "true" }))));
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = tabs.findIndex(([name]) => name === this.tab);
      this.show(tabs[(at + step + tabs.length) % tabs.length][0], true);
    });
    replace(this.element, back(), h("div", { class: "head" }, h("h1", {}, this.title), state, h("span", { class: "space" }),
      this.mayChange ? this.#steps.element : null,
      this.mayChange && !this.isNew && this.name !== null ? h("div", { class: "row" },
        this.value?.expires ? h("button", { class: "button primary", type: "button", onclick: () => this.#publish() }, "Publish") : null,
        h("button", { class: "button", type: "button", onclick: () => this.screen.duplicate(this.section, this.name) }, "Duplicate"),
        h("button", { class: "button danger", type: "button", onclick: () => this.#erase() }, "Delete")) : null),
    this.bar, this.panel, this.mayChange ? this.#bar : null);
    this.show(this.tab);
    this.#drawBar();
  }

  show(name, focus) {
    this.tab = name;
    for (const tab of this.bar.children) {
      tab.setAttribute("aria-selected", String(tab.dataset.name === name));
      tab.tabIndex = tab.dataset.name === name ? 0 : -1;
      if (focus && tab.dataset.name === name) tab.focus();
    }
    this.#complain = [];
    replace(this.panel, this.#panels[name]());
    this.#mark();
  }

  get #panels() {
    const lazy = (file, make) => () => {
      const box = h("div", {}, h("p", { class: "faint" }, "Loading …"));
      import(file).then((module) => replace(box, make(module)), () => replace(box, failure({ message: "This part did not load." },
        () => this.show(this.tab))));
      return box;
    };
    return {
      route: () => this.#route(), rules: () => this.#rules(), attempts: () => this.#attempts(),
      test: lazy("./trial.js", (module) => module.testPanel(this)), replay: lazy("./trial.js", (module) => module.replayPanel(this)),
      canary: lazy("./canary.js", (module) => module.canaryPanel(this)), history: lazy("./history.js", (module) => module.historyPanel(this)),
    };
  }

  #set(name, value) {
    const { [name]: _, ...rest } = isMap(this.value) ? this.value : {};
    if (value === undefined) this.value = rest;
    else if (isMap(this.value) && name in this.value) this.value = Object.fromEntries(Object.keys(this.value).map((one) => [one,
      one === name ? value : this.value[one]]));
    else this.value = { ...rest, [name]: value };
    this.#changed();
  }

  get prefix() { return this.path.join("."); }

  #route() {
    const isWhole = this.section === "routes";
    const value = isWhole ? this.value : this.value?.route;
    if (this.section === "models" && value === undefined && this.value?.deployments) {
      return h("div", { class: "card" }, h("h2", {}, "Route"), empty(`${this.title} chooses among its deployments`,
        "They are changed under Models and providers. To nest strategies, make it a route of its own."),
      this.mayChange ? h("div", { class: "row center" }, h("a", { class: "button", href: "#/models" }, "Models and providers"),
        h("button", { class: "button", type: "button", onclick: () => this.#asRoute() }, "Make it a route of its own")) : null);
    }
    const other = this.section === "policies" && value === undefined ? ["primary",
      "default_strategy"].find((name) => this.value?.[name] !== undefined) : null;
    if (other) {
      return h("div", { class: "card" }, h("p", {}, `This policy is written in the form \`${other}\` of another router. It serves as it is:`),
        h("pre", { class: "mono" }, JSON.stringify({ [other]: this.value[other], fallback_chain: this.value.fallback_chain }, null, 1)));
    }
    const tree = new TreeEditor(value, this.known, isWhole ? this.prefix : this.prefix + ".route", () => {
      if (isWhole) { this.value = tree.value; this.#changed(); } else this.#set("route", tree.value);
    }, !this.mayChange, this.tree?.open);
    this.tree = tree;
    this.#complain.push((problems) => tree.complain(problems));
    const help = this.section === "policies" ? "Serves requests that name no model." : this.section === "routes"
      ? `Clients may send ${this.name} or router/${this.name} as their model.` : `Serves requests for the model ${this.name}.`;
    return h("div", { class: "card" }, h("h2", {}, "Route"), h("p", { class: "faint", id: "tree-help" }, help,
      this.mayChange ? " Drag a node by its handle, or move it with the arrow keys: right goes into the strategy beside it, left out of its own."
        : ""), tree.element);
  }

  #asRoute() {
    this.value = routeOfGroup(this.value);
    this.#changed();
    this.show("route");
  }

  #rules() {
    const isWhole = this.section === "rules";
    const schema = isWhole ? { type: "object", properties: this.schema.properties } : this.schema.properties.rules;
    const rules = new RulesEditor(isWhole ? this.value : this.value?.rules, this.known, schema, isWhole ? "rules" : this.prefix + ".rules", () => {
      if (isWhole) { this.value = rules.value ?? []; this.#changed(); } else this.#set("rules", rules.value);
    }, (value, path, changed) => new TreeEditor(value, this.known, path, changed), !this.mayChange, this.rules?.open);
    this.rules = rules;
    this.#complain.push((problems) => rules.complain(problems));
    return h("div", {}, h("p", { class: "faint" },
      "The highest priority is asked first, equals in this order. The first rule that holds decides."), rules.element);
  }

  #attempts() {
    const own = this.section === "policies" ? GENERAL : OF_MODEL;
    const names = own.filter((name) => this.schema.properties[name]);
    const pick = (value) => Object.fromEntries(names.filter((name) => value?.[name] !== undefined).map((name) => [name, value[name]]));
    const general = form({ properties: Object.fromEntries(names.map((name) => [name, this.schema.properties[name]])) }, pick(this.value),
      { changed: () => {
      const now = general.value ?? {};
      for (const name of names) if (JSON.stringify(now[name]) !== JSON.stringify(this.value?.[name])) this.#set(name, now[name]);
    } });
    this.#complain.push((problems) => general.complain(problems, this.prefix));
    const parts = PARTS.filter(([name]) => kindOf(this.schema.properties[name]).kind === "section").map(([name, title, help]) => {
      const part = optional(title, help, kindOf(this.schema.properties[name]).schema, this.value?.[name], () => this.#set(name, part.value), {
        skip: ["name", "max_per_request", "window_s", "cooldown_s"] });
      this.#complain.push((problems) => {
        const path = `${this.prefix}.${name}`;
        const mine = problems.filter((one) => isAt(one.path, path));
        part.complain(mine, path);
        return problems.filter((one) => !mine.includes(one));
      });
      return part;
    });
    const box = h("fieldset", { class: "bare", disabled: !this.mayChange }, h("legend", { class: "unseen" }, "Settings"),
      h("section", { class: "card", "aria-label": "General" }, h("h2", {}, "General"), general), h("div", { class: "parts" }, parts));
    return box;
  }

  // Checking and saving

  #changed() {
    this.#steps.add(this.value, this.tab);
    this.#check();
  }

  #check() {
    clearTimeout(this.#timer);
    this.#drawBar();
    if (!this.isChanged) { this.#problems = []; this.#mark(); this.#status.textContent = ""; return; }
    this.#status.textContent = "Checking …";
    this.#timer = setTimeout(() => this.check(), 300);
  }

  async check() {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    try {
      const found = await post("settings/check", { changes: [{ path: this.path, value: this.value ?? null }] });
      if (turn !== this.#turn) return null;
      this.#problems = found.problems.map(readable).filter((one) => one.severity === "error" || isAt(one.path, this.prefix));
      const wrong = this.#problems.filter((one) => one.severity === "error").length;
      this.#status.textContent = wrong ? `${wrong} problem${wrong === 1 ? "" : "s"} to mend before it can be saved.`
        : this.#problems.length ? `It can be saved. ${this.#problems.length} remark${this.#problems.length === 1 ? "" : "s"}.` : "It can be saved.";
      this.#status.dataset.state = wrong ? "wrong" : "good";
      this.#mark();
      return found;
    } catch (problem) {
      if (turn === this.#turn) this.#status.textContent = problem.message;
      return null;
    }
  }

  #mark() {
    let left = this.#problems;
    for (const complain of this.#complain) left = complain(left);
    const place = (path) => (isAt(path, this.prefix + ".rules") || this.section === "rules" ? "rules"
      : this.section === "routes" || isAt(path, this.prefix + ".route") ? "route" : isAt(path, this.prefix) ? "attempts" : null);
    for (const tab of this.bar?.children ?? []) {
      const count = this.#problems.filter((one) => one.severity === "error" && place(one.path) === tab.dataset.name).length;
      tab.classList.toggle("wrong", count > 0);
      tab.children[0].textContent = count ? `, ${count} problems` : "";
    }
    const elsewhere = left.filter((one) => place(one.path) === null || place(one.path) === this.tab);
    replace(this.#others, elsewhere.map((one) => h("li", { class: one.severity === "error" ? "wrong" : "" },
      `${one.path.startsWith(this.prefix) ? "" : one.path + ": "}${one.message}`)));
  }

  #drawBar() {
    this.#bar.hidden = !this.isChanged && !this.isNew;
    if (this.#bar.children.length) return;
    const isPolicy = this.section === "policies";
    append(this.#bar, [h("div", { class: "said" }, h("strong", {}, this.isNew ? "Not saved yet" : "Unsaved changes"), this.#status, this.#others),
      h("div", { class: "row" },
        h("button", { class: "button", type: "button", onclick: () => this.#discard() }, "Discard"),
        isPolicy && !this.value?.expires ? h("button", { class: "button", type: "button", onclick: () => this.draft() }, "Save as draft") : null,
        h("button", { class: "button primary", type: "button", id: "review", onclick: () => this.#review() }, "Review and save"))]);
  }

  #discard() {
    confirm("Discard your changes?", this.isNew ? "Nothing of it is kept." : "It is as it was saved last then.", "Discard them").then((isSure) => {
      if (!isSure) return;
      this.isLeaving = true;
      if (this.isNew) location.hash = "#/routes";
      else this.#again();
    });
  }

  /** Reads it anew. */
  #again(tab = this.tab) {
    this.isLeaving = false;
    this.isNew = false;
    this.tab = tab;
    this.#problems = [];
    this.#status.textContent = "";
    replace(this.#bar);
    return this.load();
  }

  async #review() {
    await this.check();
    const wrong = this.#problems.filter((one) => one.severity === "error");
    const said = h("p", { class: "note wrong", role: "alert" });
    const isSure = await dialog(wrong.length ? "It cannot be saved yet" : `Save ${this.title}?`, (close) => {
      const save = h("button", { class: "button primary", type: "button", autofocus: true, onclick: () => close(true) }, "Save");
      return h("div", {}, wrong.length ? h("ul", { class: "others" }, wrong.map((one) => h("li", { class: "wrong" }, h("code", {}, one.path), " ",
        one.message))) : null, diff(this.base, this.value), said, h("p", { class: "faint" },
          wrong.length ? "Mend these first; each is shown at its field."
        : "It holds for requests at once, and can be rolled back in the history."),
      h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() }, "Go on editing"),
        wrong.length ? null : save));
    });
    if (isSure) await this.save();
    else if (wrong.length) this.element.querySelector("[aria-invalid=true], .wrong input")?.focus();
  }

  async save() {
    try {
      if (this.isNew) {
        const value = this.value;
        await post(this.section, this.section === "routes" ? { name: this.name, value } : { ...value, name: this.name });
      } else if (!await saveMerged(this.path, this.value, this.base, this.etag, this.title)) {
        return;
      }
      toast(`${this.title} is saved and in force.`);
      history.replaceState(null, "", this.hash.split("?")[0]);
      await this.#again();
    } catch (problem) {
      this.#refused(problem);
    }
  }

  #refused(problem) {
    if (problem.status === 409) problem.message = `The name ${this.name} was taken meanwhile: make another with Duplicate, or open that one.`;
    this.#problems = problem.fields.map((one) => readable({ ...one, severity: "error" }));
    this.#status.textContent = problem.message;
    this.#mark();
    tell(problem);
  }

  /** Kept for a week, served to requests that name it. Returns its name. */
  async draft(expires = "168h", isQuiet = false) {
    try {
      const { canary, shadow, virtual_key: key, ...policy } = this.value ?? {};
      const made = await post("policies/draft", { policy, expires_in: expires });
      if (isQuiet) return made.id;
      toast(`Draft ${made.id} is kept for a week. Requests that say routing_policy_id: ${made.id} are served by it.`);
      this.isLeaving = true;
      location.hash = `#/routes/policies/${encodeURIComponent(made.id)}`;
      return made.id;
    } catch (problem) {
      this.#refused(problem);
      return null;
    }
  }

  async #publish() {
    if (this.isChanged && !await saveMerged(this.path, this.value, this.base, this.etag, this.title)) return;
    const name = await askName("Publish this draft", null, "policies", "",
      "The policy that it becomes; one of that name gives way to it, and stays in the history.");
    if (!name) return;
    try {
      await post(`policies/draft/${encodeURIComponent(this.name)}/commit`, { name });
      toast(`${name} is in force.`);
      this.isLeaving = true;
      location.hash = `#/routes/policies/${encodeURIComponent(name)}`;
    } catch (problem) {
      this.#refused(problem);
    }
  }

  async #erase() {
    if (!await this.screen.erase(this.section, this.name)) return;
    this.isLeaving = true;
    location.hash = "#/routes";
  }

  again(tab) { return this.#again(tab); }
  recheck() { this.#changed(); }
}

const back = () => h("a", { class: "back", href: "#/routes" }, icon("out"), "All routes and policies");
