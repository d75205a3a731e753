// Routes and policies: the list. One of them opens in route-edit.js.

import { h, badge, confirm, dialog, empty, failure, field, replace, toast } from "./dom.js";
import { get, post, put, read, setting } from "./api.js";
import { count, moment, percent, words } from "./format.js";
import { isMap, targets } from "./treedata.js";
import { removed } from "./parts.js";
import { members, places } from "./places.js";

export const WORDS = { policies: "policy", routes: "route", models: "model", rules: "rules" };

/** What a row of the list, or an editor, is of: a section and a name in it. */
export const address = (section, name) => `#/routes/${section}${name === null ? "" : "/" + encodeURIComponent(name)}`;

/** The route of a setting of this screen. */
export const routeOf = (section, value) => {
  if (section === "routes") return value;
  if (section === "models") return value?.route;
  return value?.route ?? value?.primary ?? undefined;
};

class Routes extends HTMLElement {
  #table = h("div", {});
  #rows = [];
  #query = "";
  #kind = "";

  connectedCallback() {
    if (this.place.what) return this.#edit();
    this.#listed();
  }

  move(place) {
    this.place = place;
    this.editor = null;
    this.connectedCallback();
    return true;
  }

  /** Whether something is unsaved, which is asked about. */
  stays() { return this.editor ? !this.editor.leave() : false; }

  disconnectedCallback() { this.editor?.gone?.(); }

  get mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  async #edit() {
    const [section, ...rest] = this.place.what.split("/");
    const { RouteEditor } = await import("./route-edit.js");
    this.editor = new RouteEditor(this, section, section === "rules" ? null : rest.join("/"), this.place.search);
    replace(this, this.editor.element);
    this.editor.load();
  }

  #listed() {
    const search = h("input", { type: "search", id: "routes-search", placeholder: "Name, target or strategy", value: this.#query });
    search.addEventListener("input", () => { this.#query = search.value; this.#show(); });
    const kind = h("select", { id: "routes-kind" }, [["", "all"], ["policies", "policies"], ["routes", "routes"], ["models", "models"],
      ["off", "not active"], ["missing", "with something missing"]].map(([value, text]) => h("option", { value, selected: value === this.#kind },
        text)));
    kind.addEventListener("change", () => { this.#kind = kind.value; this.#show(); });
    replace(this, h("div", { class: "head" }, h("h1", {}, "Routes and policies"), h("div", { class: "row" },
      h("a", { class: "button", href: "#/routes/history" }, "History"),
      this.mayChange ? [h("button", { class: "button", type: "button", onclick: () => this.create("routes") }, "New route"),
        h("button", { class: "button primary", type: "button", onclick: () => this.create("policies") }, "New policy")] : null)),
    h("section", { class: "card", "aria-label": "Routes and policies" },
      h("div", { class: "filters wide-filters" }, field("Search", search, ""), field("Show", kind, "")), this.#table));
    this.#load();
  }

  async #load() {
    try {
      const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 13) + ":00:00Z";
      const usage = (by) => get(`usage?group_by=${by}&from=${day}`).then((found) => found.data).catch(() => []);
      const [known, byPolicy, byModel, canaries, audit] = await Promise.all([places(), usage("policy"), usage("model"),
        get("canaries").then((found) => found.data).catch(() => []), get("audit?limit=200").then((found) => found.data).catch(() => [])]);
      this.#rows = rows(known, byPolicy, byModel, canaries, audit);
      this.known = known;
      this.#show();
    } catch (problem) {
      replace(this.#table, failure(problem, () => this.#load()));
    }
  }

  #show() {
    if (this.#rows.length === 0) {
      return replace(this.#table, empty("No routes and no policies yet",
        "A model with several deployments is a route by itself: add it under Models and providers.",
        "A policy says what serves requests that name no model, and which rules are asked for all of them."));
    }
    const query = this.#query.trim().toLowerCase();
    const found = this.#rows.filter((row) => (!query || row.text.includes(query)) && (!this.#kind || row.section === this.#kind
      || (this.#kind === "off" && !row.isActive) || (this.#kind === "missing" && row.missing.length > 0)));
    replace(this.#table, found.length ? this.#tableOf(found) : empty("Nothing matches", "Search for less, or show all."));
  }

  #tableOf(list) {
    const names = [["Name"], ["Kind", "wide"], ["Route", "wide"], ["Rules", "number wide"], ["Last day", "number"], ["State"], ["Changed",
      "wide"], [""]];
    return h("div", { class: "scroll" }, h("table", { class: "routes-table" },
      h("thead", {}, h("tr", {}, names.map(([name, kind]) => h("th", { scope: "col", class: kind }, name || h("span", { class: "unseen" },
        "Acts"))))),
      h("tbody", {}, list.map((row) => this.#row(row)))));
  }

  #row(row) {
    const acts = row.section === "rules" ? null : h("details", { class: "acts" },
      h("summary", { class: "button small", "aria-label": `More for ${row.name}` }, "⋯"),
      h("div", { class: "menu-list" },
        h("button", { class: "plain", type: "button", onclick: () => this.duplicate(row.section, row.name) }, "Duplicate"),
        row.section === "policies" ? h("button", { class: "plain", type: "button", onclick: () => this.toggle(row) },
          row.isActive ? "Deactivate" : "Activate") : null,
        h("button", { class: "plain danger", type: "button", onclick: () => this.erase(row.section, row.name) }, "Delete")));
    const shut = () => { acts.open = false; };
    acts?.addEventListener("click", (event) => { if (event.target.closest(".menu-list button")) shut(); });
    acts?.addEventListener("focusout", (event) => { if (event.relatedTarget && !acts.contains(event.relatedTarget)) shut(); });
    acts?.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      shut();
      acts.firstChild.focus();
    });
    const changed = row.changed ? [h("time", { datetime: row.changed.at }, moment(row.changed.at)), h("div", { class: "faint" }, row.changed.actor)]
      : h("span", { class: "faint" }, "in the file");
    return h("tr", { "data-route": `${row.section}/${row.name ?? ""}` },
      h("th", { scope: "row" }, h("a", { href: address(row.section, row.name) }, row.title), row.description
        ? h("div", { class: "faint" }, row.description) : null),
      h("td", { class: "wide" }, WORDS[row.section], row.strategy ? h("div", { class: "faint" }, words(row.strategy)) : null),
      h("td", { class: "wide" }, chips(row)),
      h("td", { class: "number wide" }, row.rules === null ? "–" : count(row.rules)),
      h("td", { class: "number" }, row.share === null ? "–" : [percent(row.share, 0), h("div", { class: "faint" }, count(row.requests))]),
      h("td", {}, badge(...row.state)), h("td", { class: "wide" }, changed), h("td", {}, this.mayChange ? acts : null));
  }

  // Acts

  async create(section) {
    const name = await askName(`New ${WORDS[section]}`, this.known, section, "", section === "policies"
      ? "What it is for, such as production. The one called default is for everybody who has no other." : "Clients may send it as their model.");
    if (name) location.hash = address(section, name) + "?new";
  }

  async duplicate(section, name) {
    try {
      const { data } = await read(setting([section, name]));
      const twin = await askName(`Duplicate ${name}`, this.known ?? await places(), section, `${name} copy`,
        "The copy serves nobody until requests, keys or projects name it.");
      if (!twin) return;
      const value = isMap(data.value) ? { ...data.value } : data.value;
      if (section === "policies") { delete value.canary; delete value.virtual_key; }
      if (section === "models") delete value.aliases;
      await post(section, isMap(value) && section !== "routes" ? { ...value, name: twin } : { name: twin, value });
      toast(`${twin} is made.`);
      location.hash = address(section, twin);
    } catch (problem) {
      tell(problem);
    }
  }

  async toggle(row) {
    const isOff = row.isActive;
    if (isOff && !await confirm(`Deactivate ${row.name}?`, "Keys and projects of this policy go by their next one: the project's, or default.",
      "Deactivate it")) return;
    try {
      const { data, etag } = await read(setting(["policies", row.name]));
      const { enabled, ...value } = data.value ?? {};
      await put(setting(["policies", row.name]), isOff ? { ...value, enabled: false } : value, etag);
      toast(`${row.name} is ${isOff ? "not active any more" : "active"}.`);
    } catch (problem) {
      tell(problem);
    }
    if (!this.editor) this.#load();
  }

  /** False where it stayed. */
  async erase(section, name) {
    if (!await confirm(`Delete ${name}?`, section === "policies" ? "Its history stays."
      : "Requests that name it are refused from then on. Its history stays.", "Delete it")) return false;
    try {
      if (!await removed(`${section}/${encodeURIComponent(name)}`, name)) return false;
      toast(`${name} is deleted.`);
    } catch (problem) {
      tell(problem);
      return false;
    }
    if (!this.editor) this.#load();
    return true;
  }
}

function chips(row) {
  if (!row.members.length) return h("span", { class: "faint" }, "–");
  const more = row.members.length - 6;
  return h("span", { class: "chips" }, row.members.slice(0, 6).map((name) => (row.missing.includes(name)
    ? h("span", { class: "chip bad" }, name + " · missing") : h("span", { class: "chip" }, name))),
  more > 0 ? h("span", { class: "faint" }, `and ${more} more`) : null);
}

export function tell(problem) {
  const texts = problem.fields?.map((one) => `${one.path}: ${one.message}`) ?? [];
  toast(texts.length ? "Nothing was changed. " + texts.join(" ") : problem.message, "bad");
}

/** A name that nobody has yet. */
export function askName(title, known, section, now, help) {
  return dialog(title, (close) => {
    const taken = new Set(known ? (section === "policies" ? known.policies : [...known.known.keys()]) : []);
    const name = field("Name", h("input", { id: "route-name", value: now, maxlength: 200, autocomplete: "off", autofocus: true }), help);
    const form = h("form", { novalidate: true }, name, h("div", { class: "row end" },
      h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"), h("button", { class: "button primary", type: "submit" },
        "Go on")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = name.control.value.trim();
      name.complain(!text ? "It needs a name." : taken.has(text) ? `The name ${text} is taken already: choose another.` : "");
      if (name.classList.contains("wrong")) return name.control.focus();
      close(text);
    });
    return form;
  });
}

const MISSING = ["bad", "something is missing"];

function rows(known, byPolicy, byModel, canaries, audit) {
  const { settings } = known;
  const total = (list) => list.reduce((sum, one) => sum + one.requests, 0);
  const sums = { policies: total(byPolicy), models: total(byModel), routes: total(byModel) };
  const used = (section, name) => (section === "policies" ? byPolicy.find((one) => one.policy === name)
    : byModel.find((one) => one.model === name))?.requests ?? 0;
  const lostOf = (rules) => [...new Set([rules ?? []].flat().flatMap((rule) => known.lost(rule)))];
  const row = (section, name, value) => {
    const route = routeOf(section, value);
    const names = route === undefined && section === "models" ? [value?.deployments ?? []].flat().map((one) => `${one.provider}/${one.model}`)
      : targets(route, known.strategies);
    const lost = lostOf(section === "policies" ? value?.rules : []);
    const list = [...new Set([...names, ...lost])];
    const missing = list.filter((one) => lost.includes(one) || !known.find(one));
    const requests = used(section, name);
    const strategy = route === undefined ? value?.strategy ?? (section === "models" ? "shuffle" : value?.default_strategy?.type)
      : isMap(route) ? Object.keys(route).find((one) => known.strategies.has(one)) : null;
    const canary = section === "policies" ? canaries.find((one) => one.policy === name) : null;
    const isActive = value?.enabled !== false;
    const state = missing.length ? MISSING : !isActive ? ["warn", "not active"] : value?.expires ? ["calm", "draft"]
      : canary?.state === "running" ? ["calm", `canary ${percent(canary.share, 0)}`] : value?.hidden ? ["calm", "hidden"] : ["good", "active"];
    const ruleCount = section === "policies" ? (value?.rules ?? []).length : null;
    return { section, name, title: name, description: value?.description, strategy, members: list, missing, requests, isActive, state,
      rules: ruleCount,
      share: sums[section] ? requests / sums[section] : null, changed: changedBy(audit, section, name),
      text: [name, value?.description, strategy, ...list].join("\n").toLowerCase() };
  };
  const lost = lostOf(settings.rules);
  const shared = settings.rules?.length ? [{ section: "rules", name: null, title: "Rules for every policy", members: lost, missing: lost,
    rules: settings.rules.length, share: null, isActive: true, state: lost.length ? MISSING : ["good", "active"],
    text: "rules for every policy", changed: changedBy(audit, "rules", null) }] : [];
  return [...members(settings.policies).map(([name, value]) => row("policies", name, value)), ...shared,
    ...members(settings.routes).map(([name, value]) => row("routes", name, value)),
    ...members(settings.models).map(([name, value]) => row("models", name, value))];
}

const changedBy = (audit, section, name) => audit.find((one) => {
  const path = name === null ? section : `${section}.${name}`;
  return one.subject === path || one.subject.startsWith(path + ".") || (name === null && one.subject.startsWith("rules."));
});

customElements.define("swiftlet-routes", Routes);
