// Providers, deployments with their health, and the models that applications send.

import { h, replace, badge, confirm, dialog, empty, failure, field, toast, submits } from "./dom.js";
import { get, live, named, post, query, read } from "./api.js";
import { count, duration, moment, percent, until, words } from "./format.js";
import { findable, patchMerged, reference, removed } from "./parts.js";

const KINDS = { closed: ["good", "serves"], half_open: ["warn", "is tried"], open: ["bad", "rests"] };
const TYPES = ["openai", "anthropic", "gemini", "azure", "bedrock", "vertex", "mistral", "cohere", "deepseek", "groq", "xai", "openrouter",
  "together", "fireworks",
  "perplexity", "cerebras", "moonshot", "zai", "alibaba", "huggingface", "meta", "openai_compatible", "ollama", "vllm", "llamacpp", "lmstudio",
    "mock"];

// Types that the catalogue has no models of.
const UNPRICED = ["openai_compatible", "ollama", "vllm", "llamacpp", "lmstudio", "mock"];

class Models extends HTMLElement {
  #providers = h("div", {});
  #models = h("div", {});
  #deployments = h("div", {});
  #leave = null;
  #states = "";

  connectedCallback() {
    const buttons = this.#mayChange ? h("div", { class: "row" },
      h("button", { class: "button", type: "button", onclick: () => this.#addProvider() }, "New provider"),
      h("button", { class: "button primary", type: "button", onclick: () => this.#addModel() }, "New model")) : null;
    replace(this, h("div", { class: "head" }, h("h1", {}, "Models and providers"), buttons),
      h("section", { class: "card" }, h("h2", {}, "Models"), this.#models),
      h("section", { class: "card" }, h("h2", {}, "Deployments"), this.#deployments),
      h("section", { class: "card" }, h("h2", {}, "Providers"), this.#providers));
    // States that change are read again with their reasons.
    this.#leave = live.listen((report) => {
      const states = (report.deployments ?? []).map((one) => one.name + one.state).join("\n");
      if (this.#states && states !== this.#states) this.#loadDeployments();
      this.#states = states;
    });
    this.#load();
  }

  disconnectedCallback() { this.#leave?.(); }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  async #load() {
    try {
      const [providers, models] = await Promise.all([get("providers"), get("models"), this.#loadDeployments()]);
      this.providers = providers.data;
      replace(this.#providers, providers.data.length ? this.#providerTable(providers.data)
        : empty("No provider yet", "Add one with its credential; the type mock answers without any."));
      replace(this.#models, models.data.length ? findable("Search models", this.#modelTable(models.data)) : empty("No model yet",
        "Add a provider first, then a model that it serves."));
    } catch (problem) {
      replace(this.#models, failure(problem, () => this.#load()));
    }
  }

  async #loadDeployments() {
    try {
      const { data } = await get("deployments");
      replace(this.#deployments, data.length ? findable("Search deployments", this.#deploymentTable(data))
        : empty("No deployment yet", "Each model's deployments show here."));
    } catch (problem) {
      replace(this.#deployments, failure(problem, () => this.#loadDeployments()));
    }
  }

  #table(names, rows) {
    return h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, names.map(([name, kind]) => h("th", { scope: "col", class: kind }, name || h("span", { class: "unseen" },
        "Acts"))))), h("tbody", {}, rows)));
  }

  // Models

  #modelTable(models) {
    return this.#table([["Name"], ["Served by"], ["How", "wide"], [""]], models.map((model) => {
      const known = new Set(this.providers.map((one) => one.name));
      const by = (model.deployments ?? []).flatMap((one, at) => [at ? ", " : "", reference(`${one.provider}/${one.model}`, known.has(one.provider))]);
      return h("tr", { "data-model": model.name },
        h("th", { scope: "row" }, h("a", { href: "#/routes/models/" + encodeURIComponent(model.name) }, model.name),
          model.aliases?.length ? h("div", { class: "faint" }, "also " + model.aliases.join(", ")) : null),
        h("td", {}, model.route ? h("span", { class: "faint" }, "a route of its own: ", treeText(model.route)) : by.length ? by : "–"),
        h("td", { class: "wide" }, words(model.strategy ?? (model.route ? "route" : "shuffle"))),
        h("td", {}, this.#mayChange ? h("button", { class: "button small", type: "button", "aria-label": `Delete ${model.name}`, onclick: () =>
          this.#erase("models", model.name, "model") }, "Delete") : null));
    }));
  }

  async #addModel() {
    try {
      const [providers, models] = await Promise.all([get("providers"), get("models")]);
      [this.providers, this.models] = [providers.data, models.data.map((one) => one.name)];
    } catch (problem) {
      return toast(problem.message, "bad");
    }
    const names = this.providers.map((one) => one.name);
    if (!names.length) return toast("Add a provider first.", "bad");
    dialog("New model", (close) => {
      const name = field("Name that applications send", h("input", { name: "name", id: "model-name", autofocus: true, maxlength: 200,
        autocomplete: "off" }));
      const provider = field("Provider", h("select", { name: "provider", id: "model-provider" }, names.map((one) => h("option", { value: one },
        one))));
      const model = field("The provider's name for it", h("input", { name: "model", id: "model-model", autocomplete: "off", maxlength: 200,
        list: "catalogue" }), "Known names are suggested");
      const input = field("USD per million tokens of prompt", h("input", { name: "input_price", id: "model-input", type: "number", min: "0",
        step: "any" }), "Empty: as in the catalogue");
      const output = field("USD per million tokens of answer", h("input", { name: "output_price", id: "model-output", type: "number", min: "0",
        step: "any" }), "Empty: as in the catalogue");
      const suggestions = h("datalist", { id: "catalogue" });
      const said = h("p", { class: "note wrong", role: "alert" });
      let known = [];
      const match = () => {
        const found = known.find((one) => one.model === model.control.value.trim());
        model.complain("");
        if (found) model.querySelector(".note").textContent = "In the catalogue, with its prices";
      };
      const suggest = async () => {
        const type = this.providers.find((one) => one.name === provider.control.value)?.type;
        try {
          known = UNPRICED.includes(type) ? [] : (await get("prices" + query({ provider: type, limit: 500 }))).data;
        } catch {
          known = []; // suggestions only
        }
        replace(suggestions, known.map((one) => h("option", { value: one.model })));
        match();
      };
      provider.control.addEventListener("change", suggest);
      suggest();
      model.control.addEventListener("input", match);
      const form = h("form", { novalidate: true }, name, provider, model, suggestions, h("div", { class: "two" }, input, output), said,
        h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"), h("button",
          { class: "button primary", type: "submit" }, "Add the model")));
      submits(form, async () => {
        for (const one of [name, model]) one.complain(one.control.value.trim() ? "" : "This is needed.");
        const wrong = form.querySelector(".wrong input");
        if (wrong) return wrong.focus();
        const deployment = { provider: provider.control.value, model: model.control.value.trim() };
        for (const price of [input, output]) if (price.control.value !== "") deployment[price.control.name] = Number(price.control.value);
        const fields = { name, provider, model, input_price: input, output_price: output };
        for (const one of [provider, input, output]) one.complain("");
        if (this.models.includes(name.control.value.trim())) {
          name.complain("There is a model of this name already. It is changed under Routes and policies.");
          return name.control.focus();
        }
        try {
          await post("models", { name: name.control.value.trim(), deployments: [deployment] });
          toast(`${name.control.value.trim()} can be asked for.`);
          close();
          this.#load();
        } catch (problem) {
          this.#complain(problem, fields, said);
        }
      });
      return form;
    });
  }

  // Deployments

  #deploymentTable(deployments) {
    return this.#table([["Name"], ["State"], ["Half in", "number"], ["95 % in", "number wide"], ["Errors", "number"], ["Now", "number wide"],
      ["USD per million", "number wide"], [""]],
      deployments.map((one) => {
      const [kind, text] = KINDS[one.state] ?? ["warn", words(one.state)];
      const why = one.credential_problem ?? (one.needs_operator ? "until it is reset" : one.rests_until ? until(one.rests_until) : "");
      return h("tr", { "data-deployment": one.name },
        h("th", { scope: "row" }, one.name, one.catalogue ? h("div", { class: "faint", title: "Its model in the catalogue" },
          `is ${one.catalogue}`) : null),
        h("td", {}, badge(kind, text), why ? h("div", { class: "faint" }, one.rests_until
          && !one.credential_problem ? "again " + why : why) : null),
        h("td", { class: "number" }, duration(one.latency_p50_ms)), h("td", { class: "number wide" }, duration(one.latency_p95_ms)),
        h("td", { class: "number" }, percent(one.error_rate)), h("td", { class: "number wide" }, count(one.in_flight)),
        h("td", { class: "number wide" }, one.price ? `${one.price.input} in, ${one.price.output} out` : h("span", { class: "faint" }, "not known")),
        h("td", {}, one.state !== "closed" && this.#mayChange
          ? h("button", { class: "button small", type: "button", "aria-label": `Reset ${one.name}`, onclick: () => this.#reset(one.name) }, "Reset")
            : null));
    }));
  }

  async #reset(name) {
    try {
      await post(`deployments/${named(name)}/reset`);
      toast(`${name} serves again.`);
    } catch (problem) {
      toast(problem.message, "bad");
    }
    this.#load();
  }

  // Providers

  #providerTable(providers) {
    return this.#table([["Name"], ["Type"], ["Address", "wide"], ["Last test"], [""]], providers.map((one) => {
      const last = one.last_test;
      const said = h("div", { role: "status" }, last ? this.#verdict(last) : h("span", { class: "faint" }, "not tested yet"));
      const test = h("button", { class: "button small", type: "button", "aria-label": `Test ${one.name}` }, "Test");
      test.addEventListener("click", async () => {
        test.disabled = true;
        replace(said, h("span", { class: "faint" }, "asking …"));
        try {
          replace(said, this.#verdict(await post(`providers/${named(one.name)}/test`)));
        } catch (problem) {
          replace(said, badge("bad", problem.message));
        }
        test.disabled = false;
      });
      return h("tr", { "data-provider": one.name },
        h("th", { scope: "row" }, one.name), h("td", {}, one.type), h("td", { class: "wide" }, one.base_url ?? "the usual one"), h("td", {}, said),
        h("td", {}, this.#mayChange ? h("div", { class: "row" }, test,
          h("button", { class: "button small", type: "button", "aria-label": `Change ${one.name}`, onclick: () => this.#changeProvider(one.name) },
            "Change")) : null));
    }));
  }

  #verdict(test) {
    if (test.ok) return [badge("good", `answers in ${duration(test.latency_ms)}`), test.at ? h("div", { class: "faint" }, moment(test.at)) : null];
    const step = [test.reachable, test.key, test.answers].find((one) => one?.reason);
    return [badge("bad", "fails"), h("div", { class: "faint" }, step?.reason ?? `status ${test.status ?? "none"}`)];
  }

  #providerFields(now = {}) {
    return {
      base_url: field("Address", h("input", { name: "base_url", id: "provider-url", type: "url", value: now.base_url ?? "", autocomplete: "off",
        placeholder: "https://…/v1" }), "Empty: the usual one of this type"),
      api_key: field("Credential", h("input", { name: "api_key", id: "provider-key", type: "password", autocomplete: "new-password" }),
        now.api_key ? "It is set and never shown; empty leaves it as it is" : "The key itself, or env:NAME or file:PATH"),
    };
  }

  #complain(problem, fields, said) {
    const left = [];
    for (const { path, message } of problem.fields) {
      const one = fields[path.split(".").at(-1)];
      if (one) one.complain(message);
      else left.push(message);
    }
    said.textContent = problem.fields.length ? left.join(" ") : problem.message;
  }

  #addProvider() {
    dialog("New provider", (close) => {
      const name = field("Name", h("input", { name: "name", id: "provider-name", autofocus: true, maxlength: 200, autocomplete: "off" }));
      const type = field("Type", h("select", { name: "type", id: "provider-type" }, TYPES.map((one) => h("option", { value: one }, one))));
      const fields = { name, type, ...this.#providerFields() };
      const said = h("p", { class: "note wrong", role: "alert" });
      const form = h("form", { novalidate: true }, Object.values(fields), said,
        h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() }, "Cancel"), h("button",
          { class: "button primary", type: "submit" }, "Add and test")));
      submits(form, async () => {
        for (const one of Object.values(fields)) one.complain("");
        const body = {};
        for (const [key, one] of Object.entries(fields)) if (one.control.value.trim()) body[key] = one.control.value.trim();
        const isTaken = this.providers?.some((one) => one.name === body.name);
        if (!body.name || isTaken) {
          name.complain(isTaken ? "There is a provider of this name already. It is changed in the list of providers." : "This is needed.");
          return name.control.focus();
        }
        try {
          await post("providers", body);
        } catch (problem) {
          return this.#complain(problem, fields, said);
        }
        close();
        try {
          const found = await post(`providers/${named(body.name)}/test`);
          toast(found.ok ? `${body.name} answers in ${duration(found.latency_ms)}.`
            : `${body.name} is added, but does not answer yet. See its last test.`, found.ok ? "good" : "bad");
        } catch (problem) {
          toast(problem.message, "bad");
        }
        this.#load();
      });
      return form;
    });
  }

  async #changeProvider(name) {
    let now;
    let etag;
    try {
      ({ data: now, etag } = await read("providers/" + named(name)));
    } catch (problem) {
      return toast(problem.message, "bad");
    }
    dialog(name, (close) => {
      const fields = this.#providerFields(now);
      const said = h("p", { class: "note wrong", role: "alert" });
      const form = h("form", { novalidate: true }, Object.values(fields), said, h("div", { class: "row end" },
        h("button", { class: "button danger", type: "button", onclick: () => { close(); this.#erase("providers", name, "provider"); } }, "Delete"),
        h("button", { class: "button primary", type: "submit" }, "Save")));
      submits(form, async () => {
        for (const one of Object.values(fields)) one.complain("");
        const body = { base_url: fields.base_url.control.value.trim() || null };
        if (fields.api_key.control.value) body.api_key = fields.api_key.control.value;
        try {
          if (!await patchMerged("providers/" + named(name), now, body, etag, `The provider ${name}`)) return;
          toast(`${name} is changed.`);
          close();
          this.#load();
        } catch (problem) {
          this.#complain(problem, fields, said);
        }
      });
      return form;
    });
  }

  async #erase(path, name, word) {
    if (!await confirm(`Delete ${name}?`, `Requests that need this ${word} are refused from now on.`, "Delete it")) return;
    try {
      if (!await removed(`${path}/${named(name)}`, name)) return;
      toast(`${name} is deleted.`);
    } catch (problem) {
      toast(problem.fields.map((one) => one.message).join(" ") || problem.message, "bad");
    }
    this.#load();
  }
}

/** A route's tree in a line. */
function treeText(node) {
  if (typeof node === "string") return node;
  if (Array.isArray(node)) return node.map(treeText).join(", ");
  if (node === null || typeof node !== "object") return String(node);
  return Object.entries(node).map(([name, value]) => (value && typeof value === "object" ? `${name} (${treeText(value)})`
    : `${name} ${value}`)).join(", ");
}

customElements.define("swiftlet-models", Models);
