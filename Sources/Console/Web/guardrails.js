// Five guardrails: what they do for everybody, what projects and keys have otherwise, and what they would do to a text.

import { h, replace, dialog, empty, failure, field, toast, submits } from "./dom.js";
import { get, post, put, read, setting } from "./api.js";
import { count, words } from "./format.js";
import { findable, merging, number, row, table } from "./parts.js";
import { ACTION, RAILS, actionOf, railForm, said, section, standing, verdict } from "./rail.js";

class Guardrails extends HTMLElement {
  #rails = h("div", { class: "rails" });
  #owners = h("div", {});
  #scanned = h("div", {});
  #tester = h("div", {});

  connectedCallback() {
    replace(this, h("h1", {}, "Guardrails"), h("section", { "aria-label": "For everybody" }, this.#rails),
      h("section", { class: "card" }, h("h2", {}, "For projects and keys"), this.#owners),
      h("section", { class: "card" }, h("h2", {}, "Try a text"), this.#tester),
      h("section", { class: "card" }, h("h2", {}, "What was read"), this.#scanned));
    this.#rails.parentElement.classList.add("gap");
    this.#load();
  }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  async #load() {
    try {
      const [now, projects, keys, routes] = await Promise.all([get("settings"), get("projects"), get("keys"), get("models")]);
      this.now = now.settings.guardrails ?? {};
      [this.projects, this.keys, this.models] = [projects.data, keys.data, routes.data.map((one) => one.name)];
      replace(this.#rails, RAILS.map((rail) => this.#rail(...rail)), this.#rest());
      this.#showOwners();
      this.#showTester();
    } catch (problem) {
      replace(this.#rails, failure(problem, () => this.#load()));
    }
    this.#readScanned();
  }

  // For everybody

  #rail(name, title, help, actions) {
    const value = section(this.now[name]);
    const action = actionOf(name, this.now[name]);
    return h("section", { class: "card", "aria-label": title, "data-rail": name },
      h("div", { class: "row" }, h("h2", {}, title), h("span", { class: "space" }), standing(action, value.shadow)),
      h("p", { class: "faint" }, help), h("p", { class: "faint" }, said(name, value, action)),
      this.#mayChange ? h("div", { class: "row end" }, h("button", { class: "button small", type: "button", "aria-label": `Change ${title}`,
        onclick: () => this.#change(name, title, actions) }, "Change")) : null);
  }

  /** What holds beside the five. */
  #rest() {
    const allowed = this.now.allow ?? [];
    return h("section", { class: "card", "aria-label": "Allowed", "data-rail": "allow" }, h("h2", {}, "Allowed"),
      h("p", { class: "faint" }, "Texts that are no finding: one's own addresses and numbers, words and sentences"),
      h("p", { class: "faint" }, allowed.length ? `${count(allowed.length)}: ${allowed.slice(0, 3).join(", ")}${allowed.length > 3 ? " …" : ""}`
        : "None.",
        this.now.firewall_shadow ? " The firewall only counts." : ""),
      this.#mayChange ? h("div", { class: "row end" }, h("button", { class: "button small", type: "button", "aria-label": "Change what is allowed",
        onclick: () => this.#changeAllowed() }, "Change")) : null);
  }

  async #changeAllowed() {
    const path = ["guardrails", "allow"];
    const found = await this.#read(path, this.now.allow);
    if (!found) return;
    const [base, etag] = found;
    await dialog("Allowed", (close) => {
      const list = field("Texts that are no finding", h("textarea", { id: "allowed", rows: 6, autofocus: true }), "One a line, in any case");
      list.control.value = (base ?? []).join("\n");
      const form = h("form", {}, list, h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() },
        "Cancel"),
        h("button", { class: "button primary", type: "submit" }, "Save")));
      submits(form, async () => {
        const mine = list.control.value.split("\n").map((line) => line.trim()).filter(Boolean);
        try {
          const { saveMerged } = await merging();
          if (!(base === undefined ? await put(setting(path), mine) : await saveMerged(path, mine, base, etag, "What is allowed"))) return;
          close();
          this.#load();
        } catch (problem) {
          list.complain(problem.fields.map((one) => one.message).join(" ") || problem.message);
          list.control.focus();
        }
      });
      return form;
    });
  }

  /** A setting as it is now, with its ETag; what was not set is not asked for. Null where it cannot be read. */
  async #read(path, shown) {
    if (shown === undefined) return [undefined, null];
    try {
      const { data, etag } = await read(setting(path));
      return [data.value, etag];
    } catch (problem) {
      if (problem.status === 404) return [undefined, null];
      toast(problem.message, "bad");
      return null;
    }
  }

  async #change(name, title, actions) {
    const path = ["guardrails", name];
    const found = await this.#read(path, this.now[name]);
    if (!found) return;
    const [base, etag] = found;
    await dialog(title, (close) => railForm(name, actions, section(base), base === undefined ? undefined : actionOf(name, base), this.models,
      async (mine) => {
      const { saveMerged } = await merging();
      const isFirst = base === undefined;
      const saved = isFirst ? await put(setting(path), mine) : await saveMerged(path, mine, base, etag, title);
      if (!saved) return;
      toast(`${title}: ${ACTION[actionOf(name, mine)][1]}.`);
      close();
      this.#load();
    }, close));
  }

  // For projects and keys

  #effective(name, key, project) {
    const [own, above, all] = [key?.guardrails?.[name], project?.guardrails?.[name], this.now[name]].map(section);
    return [own.action ?? above.action ?? actionOf(name, this.now[name]), own.shadow ?? above.shadow ?? all.shadow];
  }

  #showOwners() {
    const offered = RAILS.filter(([name]) => actionOf(name, this.now[name]) !== "off");
    const owners = [...this.projects.map((one) => ["projects", one, one]), ...this.keys.map((one) => ["keys", one, this.projects.find((other) =>
      other.name === one.project)])];
    if (!owners.length) return replace(this.#owners, empty("No project and no key yet",
      "Each may switch off, or do otherwise, what is on for everybody."));
    const columns = [["Of"], ["On", "number"], ...RAILS.map(([, title]) => [title, "wide"]), [""]];
    replace(this.#owners, findable("Search projects and keys", table(columns, owners.map(([kind, one, project]) => {
      const actions = RAILS.map(([name]) => this.#effective(name, kind === "keys" ? one : null, project));
      const own = RAILS.map(([name]) => one.guardrails?.[name] !== undefined);
      const isGone = kind === "keys" && one.project && !project;
      const element = row([one.name, h("div", { class: "faint" }, kind === "keys"
        ? `key${one.project ? ` of ${one.project}` : ""}${isGone ? " (deleted)" : ""}`
        : "project")], number(`${actions.filter(([action]) => action !== "off").length}/${RAILS.length}`),
      ...actions.map((action, at) => h("td", { class: "wide" }, standing(...action), own[at] ? h("div", { class: "faint" }, "its own") : null)),
      h("td", {}, this.#mayChange && offered.length ? h("button", { class: "button small", type: "button",
        "aria-label": `Change guardrails of ${one.name}`,
        onclick: () => this.#override(kind, one.name) }, "Change") : null));
      element.dataset.owner = one.name;
      return element;
    }))), h("p", { class: "note" }, "What is off for everybody is looked for nowhere, and cannot be switched on here."));
  }

  async #override(kind, name) {
    const path = [kind, name, "guardrails"];
    const found = await this.#read(path, this[kind].find((one) => one.name === name)?.guardrails);
    if (!found) return;
    const [base, etag] = found;
    await dialog(`Guardrails of ${name}`, (close) => {
      const said = h("p", { class: "note wrong", role: "alert", tabindex: "-1" });
      const rows = RAILS.map(([rail, title, , actions]) => {
        const everybody = actionOf(rail, this.now[rail]);
        const own = base?.[rail] === undefined ? "" : section(base[rail]).action ?? "";
        const control = h("select", { id: "own-" + rail, disabled: everybody === "off" }, [["", `as for everybody: ${ACTION[everybody][1]}`],
          ...actions.filter((one) => one !== "route" || own === "route").map((one) => [one, ACTION[one][1]])].map(([value, text]) =>
          h("option", { value, selected: value === own }, text)));
        return [rail, field(title, control, everybody === "off" ? "Off for everybody" : "")];
      });
      const form = h("form", {}, rows.map(([, one]) => one), said, h("div", { class: "row end" }, h("button", { class: "button", type: "button",
        onclick: () => close() }, "Cancel"), h("button", { class: "button primary", type: "submit" }, "Save")));
      submits(form, async () => {
        const mine = { ...(base ?? {}) };
        for (const [rail, one] of rows) {
          const value = one.control.value;
          if (!value) delete mine[rail];
          else if (rail === "budget_cap") mine[rail] = value;
          else mine[rail] = { ...section(mine[rail]), action: value };
        }
        try {
          const { saveMerged } = await merging();
          const saved = base === undefined ? await put(setting(path), mine) : await saveMerged(path, mine, base, etag, `Guardrails of ${name}`);
          if (!saved) return;
          toast(`Guardrails of ${name} are changed.`);
          close();
          this.#load();
        } catch (problem) {
          said.textContent = problem.fields.map((one) => one.message).join(" ") || problem.message;
          said.focus();
        }
      });
      return form;
    });
  }

  // Trying

  #showTester() {
    if (this.#tester.firstChild) return;
    const text = field("Text", h("textarea", { id: "guard-text", rows: 4, maxlength: 100_000 }), "Nothing of it is kept, and no provider is asked");
    const scope = field("As", h("select", { id: "guard-scope" }, [["user", "a prompt of a user"], ["system", "a system prompt"], ["tool",
      "a tool's result"],
      ["reply", "a reply"]].map(([value, name]) => h("option", { value }, name))));
    const key = field("Of the key", h("select", { id: "guard-key" }, h("option", { value: "" }, "none: as for everybody"), this.keys.map((one) =>
      h("option", { value: one.name }, one.name))));
    const out = h("div", {});
    let [turn, timer] = [0, 0];
    const ask = async () => {
      const mine = ++turn;
      const value = text.control.value;
      if (!value) return replace(out);
      const isReply = scope.control.value === "reply";
      try {
        const found = await post("guardrails/test", { text: value, scope: isReply ? "reply" : "prompt", ...(isReply ? {}
          : { role: scope.control.value }),
          ...(key.control.value ? { key: key.control.value } : {}) });
        if (mine === turn) replace(out, verdict(value, found));
      } catch (problem) {
        if (mine === turn) replace(out, h("p", { class: "note wrong", role: "alert" }, problem.message));
      }
    };
    text.control.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 250); });
    for (const one of [scope, key]) one.control.addEventListener("change", ask);
    replace(this.#tester, text, h("div", { class: "pair" }, scope, key), out);
  }

  // Bytes by endpoint

  async #readScanned() {
    let figures;
    try {
      figures = await (await fetch("/metrics", { credentials: "same-origin" })).text();
    } catch {
      return replace(this.#scanned, h("p", { class: "faint" }, "Figures cannot be read now."));
    }
    const rows = new Map();
    const shape = /^swiftlet_guardrail_scanned_bytes_total\{api="([^"]+)",direction="([^"]+)"\} (\S+)/;
    for (const line of figures.split("\n")) {
      const [, api, direction, bytes] = shape.exec(line) ?? [];
      if (api) rows.set(api, { ...rows.get(api), [direction]: Number(bytes) });
    }
    const unread = figures.split("\n").filter((line) => line.startsWith("swiftlet_guardrail_unread_bodies_total")).reduce((sum, line) => sum
      + Number(line.split(" ").at(-1)), 0);
    const used = [...rows].filter(([, one]) => one.prompt || one.reply);
    const left = rows.size - used.length;
    replace(this.#scanned, used.length ? table([["Endpoint"], ["Bytes of prompts", "number"], ["Bytes of replies", "number"]], used.map(([api,
      one]) =>
      row(words(api), number(count(one.prompt ?? 0)), number(count(one.reply ?? 0))))) : empty("Nothing was read yet",
      "Once a guardrail or a rule of the firewall is on, each endpoint's texts are counted here."),
    h("p", { class: "note" }, `Since this gateway began.${left && used.length ? ` ${left} other endpoints had no text to read.` : ""}${unread
      ? ` ${count(unread)} bodies went by unread: compressed, or no text.` : ""}`));
  }
}

customElements.define("swiftlet-guardrails", Guardrails);
