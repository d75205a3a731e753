// Projects and customers: what they have spent of what they may, and what holds for all their requests.

import { h, replace, badge, confirm, dialog, empty, failure, field, toast, submits } from "./dom.js";
import { get, named, post, query, read, remove } from "./api.js";
import { count, money, until, words } from "./format.js";
import { usageBar } from "./chart.js";
import { complained, findable, number, patchMerged, reference, row, table } from "./parts.js";

const PERIODS = ["day", "week", "month", "quarter", "year", "total"];
const KINDS = { projects: ["project", "Project", "projects"], customers: ["customer", "Customer", "customers"] };
const amount = (value, unit) => (value === null || value === undefined ? "–" : unit === "usd" ? money(value) : `${count(value)} ${unit}`);

class Projects extends HTMLElement {
  #bodies = { projects: h("section", { class: "card" }), customers: h("section", { class: "card" }) };

  connectedCallback() {
    const button = (kind, style) => h("button", { class: "button " + style, type: "button", onclick: () => this.#edit(kind) },
      `New ${KINDS[kind][0]}`);
    replace(this, h("div", { class: "head" }, h("h1", {}, "Projects and customers"), this.#mayChange ? h("div", { class: "row" },
      button("customers", ""),
      button("projects", "primary")) : null), Object.values(this.#bodies));
    this.#load();
  }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  async #load() {
    try {
      const month = { from: new Date().toISOString().slice(0, 8) + "01" };
      const [projects, customers, keys, policies, budgets, byProject, byCustomer] = await Promise.all([get("projects"), get("customers"), get("keys"),
        get("policies"), get("budgets?limit=2000"), get("usage" + query({ ...month, group_by: "project", limit: 1000 })),
        get("usage" + query({ ...month, group_by: "customer", limit: 1000 }))]);
      this.policies = policies.data.map((one) => one.name);
      this.lists = { projects: projects.data, customers: customers.data };
      this.keys = keys.data;
      this.budgets = budgets.data.filter((one) => one.limit !== null);
      this.usage = { projects: byProject.data, customers: byCustomer.data };
      for (const kind of Object.keys(KINDS)) this.#show(kind);
    } catch (problem) {
      replace(this.#bodies.projects, failure(problem, () => this.#load()));
      replace(this.#bodies.customers);
    }
  }

  #show(kind) {
    const [word, title, plural] = KINDS[kind];
    const list = this.lists[kind];
    // What keys name and nothing stands for any more.
    const dangling = [...new Set(this.keys.map((key) => key[word]).filter((name) => name && !list.some((one) => one.name === name)))];
    const body = !list.length ? empty(`No ${word} yet`, kind === "projects"
      ? "A project is a budget, guardrails and a policy that several keys share."
      : "A customer is whom requests are made for: keys belong to one, or requests name one.")
      : findable(`Search ${plural}`, table([["Name"], ["State"], ["Budget"], ["This month", "number"], ["Requests", "number wide"],
        ["Keys", "number wide"], ["Policy", "wide"], [""]],
        list.map((one) => this.#row(kind, one))));
    replace(this.#bodies[kind], h("h2", {}, `${title}s`), body, dangling.map((name) => h("p", { class: "note" }, "Keys name ", reference(name, false),
      ` as their ${word}: change these keys, or make the ${word} anew.`)), list.length ? h("p", { class: "note" },
        `What ${plural} are charged stands in `,
      h("a", { href: `#/usage?by=${word}` }, "usage and cost"), ".") : null);
  }

  #row(kind, one) {
    const [word] = KINDS[kind];
    const used = this.usage[kind].find((sum) => sum[word] === one.name);
    const fullest = this.budgets.filter((budget) => budget.scope === word && budget.name === one.name).sort((a,
      b) => b.used_percent - a.used_percent)[0];
    const keys = this.keys.filter((key) => key[word] === one.name).length;
    const element = row([h("a", { href: "#/requests" + query({ [word]: one.name }) }, one.name), one.description ? h("div", { class: "faint" },
      one.description) : null], badge(one.active === false ? "warn" : "good", one.active === false ? "switched off" : "served"),
    h("td", {}, fullest ? [usageBar(fullest.used_percent, `${one.name}: used by ${fullest.period}`), h("span", { class: "faint" },
      `${amount(fullest.used, fullest.unit)} of ${amount(fullest.limit, fullest.unit)} by ${words(fullest.period)}${fullest.enforcement === "soft"
        ? ", only warned of" : ""}${fullest.resets ? `, anew ${until(fullest.resets)}` : ""}`)] : "–"),
    number(money(used?.cost_usd ?? 0)), number(count(used?.requests ?? 0), "wide"), number(count(keys), "wide"),
    h("td", { class: "wide" }, one.policy ? reference(one.policy, this.policies.includes(one.policy)) : "–"),
    h("td", {}, this.#mayChange ? h("button", { class: "button small", type: "button", "aria-label": `Change ${one.name}`,
      onclick: () => this.#edit(kind,
      one.name) }, "Change") : null));
    element.dataset[word] = one.name;
    return element;
  }

  async #edit(kind, name) {
    const [word, title, plural] = KINDS[kind];
    let [now, etag] = [{}, null];
    try {
      if (name) ({ data: now, etag } = await read(`${plural}/${named(name)}`));
    } catch (problem) {
      return toast(problem.message, "bad");
    }
    const budget = Array.isArray(now.budget) ? {} : now.budget ?? {};
    const plain = PERIODS.find((period) => typeof budget[period] === "number");
    const isPlain = !Array.isArray(now.budget) && PERIODS.filter((period) => typeof budget[period] === "number").length < 2
      && Object.keys(budget).every((member) => ["amount", "period", "enforcement", ...PERIODS].includes(member));
    await dialog(name ?? `New ${word}`, (close) => {
      const option = (chosen) => ([value, text]) => h("option", { value, selected: value === chosen }, text);
      const fields = {
        name: field("Name", h("input", { id: "owner-name", value: name ?? "", maxlength: 200, autocomplete: "off", disabled: Boolean(name),
          autofocus: !name }),
          name ? `A ${word} keeps its name` : ""),
        description: field("Description", h("input", { id: "owner-description", value: now.description ?? "", maxlength: 500, autocomplete: "off" })),
        budget: field("Budget in USD", h("input", { id: "owner-budget", type: "number", min: 0, step: "any", value: budget.amount ?? (plain
          ? budget[plain]
          : "") }), "Empty: unbounded"),
        period: field("By", h("select", { id: "owner-period" }, PERIODS.map((one) => [one, one]).map(option(budget.period ?? plain ?? "month")))),
        enforcement: field("At its end", h("select", { id: "owner-enforcement" }, [["hard", "requests are refused"], ["soft", "only a warning"]]
          .map(option(budget.enforcement ?? "hard")))),
        active: field("Requests", h("select", { id: "owner-active" }, [["", "are served"], ["false", "are refused"]].map(option(now.active === false
          ? "false" : "")))),
      };
      if (kind === "projects") fields.policy = field("Policy", h("input", { id: "owner-policy", value: now.policy ?? "", list: "owner-policies",
        autocomplete: "off" }), "Decides the way of its keys' requests");
      if (!isPlain) {
        fields.budget.complain("It has several budgets, or one of another unit; change them in the settings.");
        for (const one of ["budget", "period", "enforcement"]) fields[one].control.disabled = true;
      }
      const said = h("p", { class: "note wrong", role: "alert", tabindex: "-1" });
      const form = h("form", { novalidate: true }, fields.name, fields.description, h("div", { class: "pair" }, fields.budget, fields.period,
        fields.enforcement, fields.active), fields.policy, h("datalist", { id: "owner-policies" }, this.policies.map((one) => h("option",
          { value: one }))),
      said, h("div", { class: "row end" }, name ? h("button", { class: "button danger", type: "button", onclick: () => { close(); this.#erase(kind,
        name,
        etag); } }, "Delete") : null, h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"),
      h("button", { class: "button primary", type: "submit" }, name ? "Save" : `Make the ${word}`)));
      submits(form, async () => {
        for (const one of Object.values(fields)) one.complain("");
        const text = (part) => fields[part]?.control.value.trim() || null;
        const own = text("name");
        fields.name.complain(!own ? `A ${word} needs a name.` : !name && this.lists[kind].some((one) => one.name === own)
          ? `There is a ${word} of this name already.` : "");
        if (fields.name.classList.contains("wrong")) return fields.name.control.focus();
        const values = { description: text("description"), active: text("active") ? false : null };
        if (kind === "projects") values.policy = text("policy");
        if (isPlain) values.budget = text("budget") === null ? null : { amount: Number(text("budget")), period: text("period"),
          enforcement: text("enforcement") === "soft" ? "soft" : null, ...Object.fromEntries(PERIODS.map((period) => [period, null])) };
        try {
          if (name) {
            if (!await patchMerged(`${plural}/${named(name)}`, now, values, etag, `The ${word} ${name}`)) return;
          } else await post(plural, { name: own, ...clean(values) });
          toast(name ? `${name} is changed.` : `${own} is made. Give it to keys under Keys and budgets.`);
          close();
          this.#load();
        } catch (problem) {
          complained(problem, fields, said);
        }
      });
      return form;
    });
  }

  async #erase(kind, name, etag) {
    const [word, , plural] = KINDS[kind];
    const keys = this.keys.filter((key) => key[word] === name).length;
    if (!await confirm(`Delete ${name}?`, `${keys ? `${keys} ${keys === 1 ? "key names" : "keys name"} it and must be changed first. ` : ""}`
      + "What it has used stays in the log.", "Delete it")) return;
    try {
      await remove(`${plural}/${named(name)}`, etag);
      toast(`${name} is deleted.`);
    } catch (problem) {
      toast(problem.status === 412 ? `${name} was changed meanwhile: look at it again before you delete it.`
        : problem.fields.map((one) => one.message).join(" ") || problem.message, "bad");
    }
    this.#load();
  }
}

/** Without what is nothing. */
const clean = (value) => (value !== null && typeof value === "object"
  ? Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null).map(([name, one]) => [name, clean(one)])) : value);

customElements.define("swiftlet-projects", Projects);
