// Router settings: load balancing, fallbacks, general. What a setting is, may be and is for comes from its declaration.

import { h, replace, badge, confirm, dialog, empty, failure, field, tabs, toast, submits } from "./dom.js";
import { get, patch, read } from "./api.js";
import { control, complain, shown } from "./controls.js";
import { merging, unsaved } from "./parts.js";

const BALANCE = [
  ["Strategy", ["strategy", "routing_strategy_args"]],
  ["Retries and times", ["num_retries", "retry_after", "timeout", "retry_policy", "model_group_retry_policy"]],
  ["Cooldowns", ["cooldowns", "allowed_fails", "cooldown_time", "allowed_fails_policy"]],
  ["Tags and names", ["enable_tag_filtering", "tag_filtering_match_any", "model_group_alias", "enable_pre_call_checks"]],
];
const CHAINS = [
  ["fallbacks", "after any fault"], ["context_window_fallbacks", "when the prompt is too long"],
  ["content_policy_fallbacks", "when the content is refused"],
];
const TITLES = {
  routing_strategy_args: "Strategy arguments", num_retries: "Retries", retry_after: "Shortest wait before a retry", timeout: "Timeout",
  model_group_retry_policy: "Retry policy by model group", cooldowns: "Deployments rest after faults", allowed_fails: "Allowed fails",
  enable_tag_filtering: "Tag filtering", tag_filtering_match_any: "One common tag suffices", model_group_alias: "Model group aliases",
  enable_pre_call_checks: "Checks before a call", strategy: "Routing strategy", max_request_size_mb: "Largest request (MB)",
  max_response_size_mb: "Largest answer (MB)", max_parallel_requests: "Parallel requests of a key",
  global_max_parallel_requests: "Parallel requests of a gateway",
};
// By name, without the other names that mean the same.
const STRATEGIES = {
  shuffle: "By chance, in proportion to weights.", round_robin: "One after another.", least_busy: "The one with the fewest requests in flight.",
  usage: "The one with the fewest tokens this minute.", usage_v2: "The same, and limits of deployments are kept before a call.",
  latency: "The fastest of late.", cost: "The cheapest for the request.", success_rate: "The one that fails least.",
  throughput: "The one with the most tokens a second.", percentage: "By chance, in fixed shares.", fallback: "In the order written.",
  geographic: "The nearest to the caller.", auto: "By weighted cost, quality and latency.", intelligent: "By how complex the prompt is.",
};
const FAULTS = ["rate_limit", "quota_exceeded", "server_error", "timeout", "unavailable", "auth", "not_found", "context_window", "content_policy",
  "bad_request", "malformed_reply"];
const title = (name) => TITLES[name] ?? (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ");

/** LiteLLM's other names for a setting, read under the one that forms show. */
function plain(value) {
  const { routing_strategy: strategy, disable_cooldowns: off, ...rest } = value;
  if (strategy !== undefined && rest.strategy === undefined) rest.strategy = strategy;
  if (off !== undefined && rest.cooldowns === undefined) rest.cooldowns = !off;
  return rest;
}
const OTHERS = { strategy: "routing_strategy", cooldowns: "disable_cooldowns" };

/** A table of fallbacks as rows; it may stand as a map or as a list of maps. */
const chains = (value) => [value ?? []].flat().flatMap((one) => Object.entries(one)).map(([model, list]) => ({ model, list: [list].flat() }));

class Settings extends HTMLElement {
  #panel = h("div", {});
  #forms = {};
  #models = [];
  #tab = "balance";
  #page = null;
  #changed = 0;

  connectedCallback() {
    replace(this, h("h1", {}, "Router settings"), this.#panel);
    this.#load();
  }

  /** Whether something is unsaved, which is asked about. */
  stays() { return this.#changed > 0 && unsaved("#/settings", "Router settings", () => { this.#changed = 0; }); }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  async #load() {
    try {
      const [router, general, models, routes] = await Promise.all([read("forms/router"), read("forms/general"), get("models"), get("routes")]);
      for (const { data, etag } of [router, general]) this.#forms[data.section] = { ...data, etag, value: plain(data.value), raw: data.value };
      this.#models = [...models.data, ...routes.data].map((one) => one.name);
      this.#show();
    } catch (problem) {
      replace(this.#panel, failure(problem, () => this.#load()));
    }
  }

  #show() {
    this.#page = null;
    this.#changed = 0;
    const open = (name, build) => () => { this.#tab = name; return build(); };
    replace(this.#panel, tabs("Router settings", [
      ["balance", "Loadbalancing", open("balance", () => (this.#page ??= this.#balance()))],
      ["fallbacks", "Fallbacks", open("fallbacks", () => this.#fallbacks())],
      ["general", "General", open("general", () => this.#general())],
    ], this.#tab));
  }

  /** What the values of a setting may be chosen from. */
  #known(name) {
    if (name === "strategy") return { choices: Object.keys(STRATEGIES) };
    if (name === "model_group_retry_policy") return { keys: this.#models, inner: { keys: FAULTS } };
    if (name === "model_group_alias") return { values: this.#models };
    return name.endsWith("policy") ? { keys: FAULTS } : {};
  }

  /** Writes members of a section; null takes one out. True where it holds now; a problem goes to `wrong`. */
  async #write(section, change, wrong) {
    const form = this.#forms[section];
    const body = { ...change };
    // What stood under the other name gives way.
    for (const [name, other] of Object.entries(OTHERS)) if (name in body && other in form.raw) body[other] = null;
    try {
      await patch("settings/" + section, body, form.etag);
    } catch (problem) {
      if (problem.status !== 412) {
        wrong(problem);
        return false;
      }
      const fresh = await read("forms/" + section);
      const theirs = plain(fresh.data.value);
      const mine = Object.fromEntries(Object.entries({ ...plain(form.raw), ...change }).filter(([, value]) => value !== null));
      const { merge } = await merging();
      const chosen = await merge("Changed meanwhile", plain(form.raw), mine, theirs);
      this.#forms[section] = { ...fresh.data, etag: fresh.etag, value: theirs, raw: fresh.data.value };
      if (!chosen) {
        await this.#load();
        return false;
      }
      const names = Object.keys({ ...theirs, ...chosen.value });
      const kept = names.filter((name) => JSON.stringify(theirs[name]) !== JSON.stringify(chosen.value[name]));
      return this.#write(section, Object.fromEntries(kept.map((name) => [name, chosen.value[name] ?? null])), wrong);
    }
    await this.#load();
    return true;
  }

  // Load balancing

  #balance() {
    const form = this.#forms.router;
    const properties = form.schema.properties;
    const controls = {};
    const state = h("span", { class: "faint", role: "status" });
    const save = h("button", { class: "button primary", type: "submit", disabled: true }, "Save Changes");
    const reset = h("button", { class: "button", type: "button", disabled: true, onclick: () => this.#show() }, "Reset");
    const changed = () => {
      const names = Object.keys(controls).filter((name) => controls[name].isChanged());
      for (const [name, one] of Object.entries(controls)) one.element.classList.toggle("changed", names.includes(name));
      this.#changed = names.length;
      save.disabled = reset.disabled = !names.length || !this.#mayChange;
      state.textContent = names.length ? `${names.length} not saved yet` : "";
    };
    const sections = BALANCE.map(([head, names]) => h("fieldset", { class: "card" }, h("legend", {}, head), h("div", { class: "two tight" },
      names.filter((name) => properties[name]).map((name) => {
        const one = controls[name] = control(title(name), "router-" + name, properties[name], form.value[name], changed,
          this.#known(name));
        return one.element;
      }))));
    const strategy = controls.strategy.element.control;
    const explain = () => controls.strategy.element.complain("") ?? (controls.strategy.element.querySelector(".note").textContent =
      STRATEGIES[strategy.value] ?? "For model groups that name none; shuffle where nothing is said.");
    strategy.addEventListener("input", explain);
    explain();
    const page = h("form", { novalidate: true }, sections,
      this.#mayChange ? h("div", { class: "row end bar-below" }, state, h("span", { class: "space" }), reset, save) : null);
    submits(page, async () => {
      const change = {};
      for (const one of Object.values(controls)) one.element.complain("");
      for (const [name, one] of Object.entries(controls)) if (one.isChanged()) change[name] = one.value();
      save.disabled = true;
      if (await this.#write("router", change, (problem) => complain(problem, "router", controls, toast))) toast("Saved; it holds from now on.");
      else changed();
    });
    for (const one of page.querySelectorAll("input, select, textarea, fieldset button")) if (!this.#mayChange) one.disabled = true;
    return page;
  }

  // Fallbacks

  #fallbacks() {
    const form = this.#forms.router;
    const rows = CHAINS.flatMap(([name, when]) => chains(form.value[name]).map(({ model, list }) => ({ name, when, model, list })));
    const known = new Set(this.#models);
    const shownName = (name) => (known.has(name) || name.includes("/") || name === "*" ? name
      : h("span", {}, name, " ", badge("warn", "not there")));
    const body = rows.map((row) => h("tr", { "data-primary": row.model },
      h("th", { scope: "row" }, shownName(row.model)), h("td", {}, h("ol", { class: "chain" }, row.list.map((one) => h("li", {}, shownName(one))))),
      h("td", { class: "wide" }, row.when),
      h("td", {}, this.#mayChange ? h("div", { class: "row" },
        h("button", { class: "button small", type: "button", "aria-label": `Change fallbacks of ${row.model}`,
          onclick: () => this.#addFallbacks(row) },
          "Change"),
        h("button", { class: "button small danger", type: "button", "aria-label": `Delete fallbacks of ${row.model}`, onclick: () =>
          this.#dropFallbacks(row) }, "Delete")) : null)));
    return h("div", {},
      h("section", { class: "card" }, h("div", { class: "head" }, h("h2", {}, "Fallbacks"),
        this.#mayChange ? h("button", { class: "button primary", type: "button", onclick: () => this.#addFallbacks() }, "Add Fallbacks") : null),
      rows.length ? h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, [["Primary model"], ["Tried in this order"], ["When",
        "wide"], [""]].map(([name, kind]) => h("th", { scope: "col", class: kind }, name || h("span", { class: "unseen" }, "Acts"))))),
      h("tbody", {}, body))) : empty("No fallbacks yet", "Add some: when a model group has failed, the next name is asked.")),
      h("section", { class: "card" }, h("h2", {}, "For all model groups"),
        this.#rows("router", ["default_fallbacks", "max_fallbacks"])));
  }

  #addFallbacks(row) {
    if (!this.#models.length) return toast("Add a model first, under Models and providers.", "bad");
    const options = (chosen) => [...new Set([...this.#models, ...(chosen ? [chosen] : [])])].map((name) => h("option", { value: name,
      selected: name === chosen }, name));
    dialog(row ? `Fallbacks of ${row.model}` : "Add Fallbacks", (close) => {
      const primary = field("Primary Model", h("select", { id: "primary", disabled: Boolean(row) },
        row ? h("option", {}, row.model) : options(this.#models[0])), "Whose requests go on to others");
      const when = field("When", h("select", { id: "when", disabled: Boolean(row) }, CHAINS.map(([name, text]) => h("option", { value: name,
        selected: row?.name === name }, text))));
      const list = row ? [...row.list] : [];
      const chain = h("ol", { class: "chain edit", "aria-label": "Fallback Models" });
      const said = h("p", { class: "note wrong", role: "alert" });
      const paint = (focus) => {
        replace(chain, list.map((name, at) => h("li", {}, h("span", {}, name),
          h("button", { class: "plain", type: "button", "aria-label": `${name} earlier`, disabled: at === 0, onclick: () => move(at, at - 1) }, "↑"),
          h("button", { class: "plain", type: "button", "aria-label": `${name} later`, disabled: at === list.length - 1, onclick: () =>
            move(at, at + 1) }, "↓"),
          h("button", { class: "plain", type: "button", "aria-label": `Take ${name} out`, onclick: () => { list.splice(at, 1); paint(); } }, "×"))));
        if (focus !== undefined) chain.children[focus]?.querySelector("button:not(:disabled)")?.focus();
      };
      const move = (from, to) => { list.splice(to, 0, ...list.splice(from, 1)); paint(to); };
      const more = field("Fallback Models, in order", h("select", { id: "fallback" }, this.#models.map((name) =>
        h("option", { value: name, selected: name === this.#models.find((one) => one !== (row?.model ?? this.#models[0])) }, name))));
      const add = h("button", { class: "button", type: "button", onclick: () => {
        const name = more.control.value;
        if (name === primary.control.value) more.complain("A model is no fallback of itself.");
        else if (list.includes(name)) more.complain(`${name} is in the list already.`);
        else { more.complain(""); list.push(name); paint(); }
      } }, "Add to the list");
      paint();
      const form = h("form", { novalidate: true }, primary, when, more, add, chain, said, h("div", { class: "row end" },
        h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"), h("button", { class: "button primary", type: "submit" },
          "Save Changes")));
      submits(form, async () => {
        if (!list.length) { more.complain("Add at least one fallback to the list."); return more.control.focus(); }
        const [name, model] = [when.control.value, primary.control.value];
        const all = chains(this.#forms.router.value[name]).filter((one) => one.model !== model).map((one) => ({ [one.model]: one.list }));
        const isDone = await this.#write("router", { [name]: [...all, { [model]: list }] }, (problem) => {
          said.textContent = problem.fields.map((one) => one.message).join(" ") || problem.message;
        });
        if (isDone) { close(); toast(`Fallbacks of ${model} hold from now on.`); }
      });
      return form;
    });
  }

  async #dropFallbacks(row) {
    if (!await confirm(`Delete the fallbacks of ${row.model}?`, "Its requests end with the model group's own error from now on.",
      "Delete them")) return;
    const left = chains(this.#forms.router.value[row.name]).filter((one) => one.model !== row.model).map((one) => ({ [one.model]: one.list }));
    if (await this.#write("router", { [row.name]: left.length ? left : null }, (problem) => toast(problem.message,
      "bad"))) toast("They are deleted.");
  }

  // General: a row for each setting

  #general() {
    const names = Object.keys(this.#forms.general.schema.properties).filter((name) => name !== "name");
    return h("section", { class: "card", "aria-label": "General" }, this.#rows("general", names));
  }

  #rows(section, names) {
    const form = this.#forms[section];
    return h("div", { class: "settings" }, names.map((name) => {
      const property = form.schema.properties[name];
      const value = form.value[name];
      const isSet = value !== undefined && value !== null;
      const one = control(title(name), `${section}-${name}`, property, value, () => {}, this.#known(name));
      const where = form.changed.some((path) => path.split(".")[0] === name) ? "set here" : "from the file";
      const status = isSet ? [badge("good", shown(value)), h("span", { class: "faint" }, where)] : badge("calm", "Not set");
      const wrong = (problem) => complain(problem, section, { [name]: one }, toast);
      const update = h("button", { class: "button small", type: "button", "aria-label": `Update ${title(name)}`, onclick: async () => {
        one.element.complain("");
        const next = one.value();
        if (next === null) return one.element.complain("Write a value, or delete the setting.");
        if (await this.#write(section, { [name]: next }, wrong)) toast(`${title(name)} holds from now on.`);
      } }, "Update");
      const erase = h("button", { class: "button small danger", type: "button", "aria-label": `Delete ${title(name)}`, disabled: !isSet,
        onclick: async () => {
          const usual = property.default === undefined ? "Without it there is no bound, or the usual holds."
            : `Without it ${shown(property.default)} holds.`;
          if (!await confirm(`Delete ${title(name)}?`, usual, "Delete it")) return;
          if (await this.#write(section, { [name]: null }, wrong)) toast(`${title(name)} is not set any more.`);
        } }, "Delete");
      if (!this.#mayChange) for (const input of one.element.querySelectorAll("input, select, textarea, button")) input.disabled = true;
      return h("div", { class: "setting", "data-setting": name }, one.element, h("div", { class: "state" }, status),
        this.#mayChange ? h("div", { class: "row" }, update, erase) : null);
    }));
  }
}

customElements.define("swiftlet-settings", Settings);
