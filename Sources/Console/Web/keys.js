// Keys: made in two steps, shown once; what they have used and may use; projects' and customers' budgets beside them.

import { h, replace, badge, confirm, copyButton, dialog, empty, failure, field, tabs, toast, submits } from "./dom.js";
import { get, named, patch, post, query, read } from "./api.js";
import { count, money, until, words } from "./format.js";
import { usageBar } from "./chart.js";
import { snippets } from "./snippets.js";
import { findable, patchMerged, reference, removed } from "./parts.js";
import { RAILS, actionOf, section } from "./rail.js";

const amount = (value, unit) => (value === null || value === undefined ? "–" : unit === "usd" ? money(value) : `${count(value)} ${unit}`);
const PERIODS = ["day", "week", "month", "quarter", "year", "total"];

class Keys extends HTMLElement {
  #list = h("div", {});
  #budgets = h("div", {});

  connectedCallback() {
    replace(this, h("div", { class: "head" }, h("h1", {}, "Keys and budgets"),
      this.#isReader ? null : h("button", { class: "button primary", type: "button", onclick: () => this.#create() }, "New key")),
      h("section", { class: "card", "aria-label": "Keys" }, this.#list),
      h("section", { class: "card" }, h("h2", {}, "All budgets and limits"), this.#budgets));
    this.#load();
  }

  get #isReader() { return this.place.who.role === "auditor"; }

  async #load() {
    try {
      const [keys, budgets] = await Promise.all([get("keys?usage=true"), get("budgets?limit=1000")]);
      this.names = keys.data.map((key) => key.name);
      await this.#readBeside();
      replace(this.#list, keys.data.length ? findable("Search keys", this.#table(keys.data))
        : empty("No key yet", "Without one, only this machine is served. Make the first key to let applications in."));
      const rows = budgets.data.filter((one) => one.limit !== null);
      replace(this.#budgets, rows.length ? this.#budgetTable(rows)
        : empty("Nothing is bounded", "Give a key a budget when you make it, or under Change."));
    } catch (problem) {
      replace(this.#list, failure(problem, () => this.#load()));
    }
  }

  /** What keys stand beside: projects and guardrails, for roles that may read them. */
  async #readBeside() {
    if (this.place.who.role === "key_manager") return;
    const [projects, settings] = await Promise.all([get("projects"), get("settings")]);
    [this.projects, this.guardrails] = [projects.data, settings.settings.guardrails ?? {}];
  }

  #guards(key) {
    const project = this.projects.find((one) => one.name === key.project);
    const on = RAILS.filter(([name]) => (section(key.guardrails?.[name]).action ?? section(project?.guardrails?.[name]).action
      ?? actionOf(name, this.guardrails[name])) !== "off");
    return h("a", { href: "#/guardrails", title: on.map(([, title]) => title).join(", ") || "none" }, `${on.length}/${RAILS.length}`);
  }

  #table(keys) {
    return h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, [["Name"], ["State"], ["Budget", "wide"], ["Today", "number"], ["This month", "number"], ["Requests",
        "number wide"], ...(this.projects ? [["Guardrails", "number wide"]] : []), [""]]
        .map(([name, kind]) => h("th", { scope: "col", class: kind }, name || h("span", { class: "unseen" }, "Acts"))))),
      h("tbody", {}, keys.map((key) => {
        const isOver = key.expires && new Date(key.expires) < new Date();
        const state = key.paused ? badge("warn", "paused") : isOver ? badge("bad", "expired") : badge("good", "good");
        const fullest = (key.balances ?? []).filter((one) => one.used_percent !== null).sort((a, b) => b.used_percent - a.used_percent)[0];
        return h("tr", { "data-key": key.name },
          h("th", { scope: "row" }, key.name, h("div", { class: "faint" }, [key.prefix ? key.prefix + "…" : "", key.owner].filter(Boolean)
            .join(" · "), key.project ? [key.prefix || key.owner ? " · " : "", reference(key.project, !this.projects || this.projects.some((one) =>
              one.name === key.project))] : null)),
          h("td", {}, state),
          h("td", { class: "wide" }, fullest ? [usageBar(fullest.used_percent, `${key.name}: used of the budget by ${fullest.period}`),
            h("span", { class: "faint" },
              `${amount(fullest.used, fullest.unit)} of ${amount(fullest.limit, fullest.unit)} by ${words(fullest.period)}`)] : "–"),
          h("td", { class: "number" }, money(key.usage?.today?.cost_usd)), h("td", { class: "number" }, money(key.usage?.month?.cost_usd)),
          h("td", { class: "number wide" }, count(key.usage?.month?.requests)),
          this.projects ? h("td", { class: "number wide" }, this.#guards(key)) : null,
          h("td", {}, this.#isReader ? null : h("button", { class: "button small", type: "button", "aria-label": `Change ${key.name}`, onclick: () =>
            this.#change(key.name) }, "Change")));
      }))));
  }

  #budgetTable(rows) {
    return h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Of", "By", "Used", "", "Left", "Anew"].map((name) => h("th", { scope: "col" }, name || h("span",
        { class: "unseen" }, "Share"))))),
      h("tbody", {}, rows.map((one) => h("tr", {},
        h("th", { scope: "row" }, one.name, h("div", { class: "faint" }, words(one.scope))),
        h("td", {}, `${words(one.period)}${one.enforcement === "soft" ? ", only warned of" : ""}`),
        h("td", {}, `${amount(one.used, one.unit)} of ${amount(one.limit, one.unit)}`),
        h("td", {}, usageBar(one.used_percent, `${one.name}: used by ${one.period}`)),
        h("td", {}, amount(one.remaining, one.unit)), h("td", {}, one.resets ? until(one.resets) : "never"))))));
  }

  // Fields of a key, for making and changing

  #fields(now = {}) {
    const input = (name, more = {}) => h("input", { name, id: "key-" + name, autocomplete: "off", ...more });
    const budget = Array.isArray(now.budget) ? {} : now.budget ?? {};
    const plain = PERIODS.find((period) => typeof budget[period] === "number");
    const period = h("select", { name: "period", id: "key-period" }, PERIODS.map((one) =>
      h("option", { value: one, selected: one === (budget.period ?? plain ?? "month") }, one)));
    const fields = {
      budget: field("Budget in USD", input("budget", { type: "number", min: "0", step: "any", value: budget.amount ?? (plain ? budget[plain]
        : "") }), "Empty: unbounded"),
      period: field("By", period), rpm: field("Requests a minute", input("rpm", { type: "number", min: "1", step: "1", value: now.rpm ?? "" }),
        "Empty: any number"),
      models: field("Models", input("models", { value: (now.models ?? []).join(", ") }), "Names with commas between; empty: all"),
      project: field("Project", input("project", { value: now.project ?? "" })), owner: field("Owner", input("owner", { value: now.owner ?? "" }),
        "A person or a team"),
      expires: field("Ends on", input("expires", { type: "date", value: (now.expires ?? "").slice(0, 10) }), "Empty: never"),
    };
    // A budget that this form cannot show is left as it is.
    fields.isPlain = !Array.isArray(now.budget) && Object.keys(budget).every((name) => ["amount", "period", ...PERIODS].includes(name))
      && PERIODS.filter((one) => typeof budget[one] === "number").length < 2;
    if (!fields.isPlain) {
      fields.budget.control.disabled = true;
      fields.budget.complain("It has several budgets; change them in the settings.");
      period.disabled = true;
    }
    return fields;
  }

  /** What the fields say, as settings; `null` takes a setting away. */
  #values(fields) {
    const text = (name) => fields[name].control.value.trim() || null;
    const number = (name) => (fields[name].control.value === "" ? null : Number(fields[name].control.value));
    const models = (text("models") ?? "").split(",").map((name) => name.trim()).filter(Boolean);
    const values = { rpm: number("rpm"), models: models.length ? models : null, project: text("project"), owner: text("owner"),
      expires: text("expires") };
    if (fields.isPlain) {
      values.budget = number("budget") === null ? null
        : { amount: number("budget"), period: fields.period.control.value, ...Object.fromEntries(PERIODS.map((period) => [period, null])) };
    }
    return values;
  }

  #complain(problem, fields, said) {
    for (const one of Object.values(fields)) one.complain?.("");
    const left = [];
    for (const { path, message } of problem.fields) {
      const name = path.split(".").find((part) => fields[part.replace(/\[.*/, "")]?.complain)?.replace(/\[.*/, "");
      if (name) fields[name].complain(message);
      else left.push(message);
    }
    said.textContent = problem.fields.length ? left.join(" ") : problem.message;
    (Object.values(fields).find((one) => one.classList?.contains("wrong"))?.control ?? said).focus?.();
  }

  // Making one

  async #create() {
    const made = await dialog("New key, step 1 of 2", (close) => {
      const name = field("Name", h("input", { name: "name", id: "key-name", required: true, maxlength: 200, autocomplete: "off", autofocus: true }),
        "What it is for, such as an application");
      const fields = this.#fields();
      const said = h("p", { class: "note wrong", role: "alert", tabindex: "-1" });
      const button = h("button", { class: "button primary", type: "submit" }, "Make the key");
      const form = h("form", { novalidate: true }, name,
        h("div", { class: "two" }, fields.budget, fields.period, fields.rpm, fields.models, fields.project, fields.owner, fields.expires), said,
        h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"), button));
      submits(form, async () => {
        const text = name.control.value.trim();
        name.complain(!text ? "A key needs a name." : this.names?.includes(text) ? "There is a key of this name already." : "");
        if (name.classList.contains("wrong")) return name.control.focus();
        button.disabled = true;
        try {
          const values = Object.fromEntries(Object.entries(this.#values(fields)).filter(([, value]) => value !== null));
          if (values.budget) values.budget = { amount: values.budget.amount, period: values.budget.period };
          close(await post("keys", { name: text, ...values }));
        } catch (problem) {
          this.#complain(problem, { ...fields, name }, said);
          button.disabled = false;
        }
      });
      return form;
    });
    if (!made) return;
    this.#load();
    await this.#shown(made.name, made.key, "New key, step 2 of 2");
  }

  async #shown(name, key, title) {
    let base = location.origin;
    let model = "chat";
    try {
      const [settings, models] = await Promise.all([get("settings"), get("models")]);
      const listen = (settings.settings ?? settings).server?.listen;
      if (listen) base = `http://${listen.replace(/^(0\.0\.0\.0|\[::\])/, location.hostname)}`;
      model = models.data.find((one) => !one.hidden)?.name ?? model;
    } catch { /* roles that may not read these get a snippet to adapt */ }
    await dialog(title, (close) => {
      const all = snippets(key, model, base);
      return h("div", {},
        h("p", {}, `This is the key ${name}. It is shown now and never again: copy it.`),
        h("div", { class: "row" }, h("code", { class: "mono", id: "made-key", tabindex: "0" }, key), copyButton(() => key)),
        h("h3", {}, "Send the first request"),
        tabs("Languages", Object.entries(all).map(([language, text]) =>
          [language, language, () => h("div", {}, h("pre", { tabindex: "0" }, text), h("div", { class: "row end" }, copyButton(() => text)))])),
        h("div", { class: "row end" }, h("button", { class: "button primary", type: "button", onclick: () => close() }, "I have copied it")));
    }, true);
  }

  // Changing one

  async #change(name) {
    let now;
    let etag;
    try {
      ({ data: now, etag } = await read("keys/" + named(name)));
    } catch (problem) {
      return toast(problem.message, "bad");
    }
    const act = (close, what) => async () => {
      try {
        await what();
      } catch (problem) {
        toast(problem.message, "bad");
      }
      close();
      this.#load();
    };
    await dialog(name, (close) => {
      const fields = this.#fields(now);
      const said = h("p", { class: "note wrong", role: "alert", tabindex: "-1" });
      const form = h("form", { novalidate: true },
        h("div", { class: "two" }, fields.budget, fields.period, fields.rpm, fields.models, fields.project, fields.owner, fields.expires), said,
        h("div", { class: "row end" }, h("button", { class: "button primary", type: "submit" }, "Save")));
      submits(form, async () => {
        try {
          if (!await patchMerged("keys/" + named(name), now, this.#values(fields), etag, `The key ${name}`)) return;
          toast(`${name} is changed.`);
          close();
          this.#load();
        } catch (problem) {
          this.#complain(problem, fields, said);
        }
      });
      const pause = act(close, async () => {
        await patch("keys/" + named(name), { paused: now.paused ? null : true }, etag);
        toast(now.paused ? `${name} is good again.` : `${name} is paused: requests with it are refused.`);
      });
      const rotate = async () => {
        close();
        const how = await dialog(`Rotate ${name}`, (done) => {
          const grace = field("The old key holds for", h("select", {}, [["0", "no time: it ends now"], ["1h", "an hour"], ["24h", "a day"], ["168h",
            "a week"]]
            .map(([value, text]) => h("option", { value }, text))), "Applications need the new key by then.");
          return h("div", {}, grace, h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => done() }, "Cancel"),
            h("button", { class: "button primary", type: "button", onclick: () => done(grace.control.value) }, "Make a new key")));
        });
        if (how === null) return;
        try {
          const made = await post(`keys/${named(name)}/rotate`, how === "0" ? {} : { grace: how });
          await this.#shown(name, made.key, `New key for ${name}`);
        } catch (problem) {
          toast(problem.message, "bad");
        }
        this.#load();
      };
      const erase = async () => {
        close();
        if (!await confirm(`Delete ${name}?`, "Requests with this key are refused from now on. What it has used stays in the log.",
          "Delete it")) return;
        await act(() => {}, async () => {
          if (await removed("keys/" + named(name), name, etag)) toast(`${name} is deleted.`);
        })();
      };
      return h("div", {}, form, h("h3", {}, "More"), h("div", { class: "row" },
        h("button", { class: "button", type: "button", onclick: pause }, now.paused ? "Let it work again" : "Pause"),
        h("button", { class: "button", type: "button", onclick: rotate }, "Rotate"),
        h("a", { class: "button", href: "#/requests" + query({ key: name }), onclick: () => close() }, "Its requests"),
        h("button", { class: "button danger", type: "button", onclick: erase }, "Delete")));
    });
  }
}

customElements.define("swiftlet-keys", Keys);
