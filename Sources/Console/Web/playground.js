// The playground: one conversation with up to four models side by side, as any key; which way each answer took and what it cost.

import { h, replace, append, confirm, empty, failure, field, icon, toast } from "./dom.js";
import { events, get, pour, query, read } from "./api.js";
import { count, duration, money } from "./format.js";
import { sentences } from "./sentences.js";

const MOST = 4;
const PARAMETERS = [["temperature", "Temperature", "0 to 2"], ["top_p", "Top p", "0 to 1"], ["max_tokens", "Longest answer", "tokens"]];
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** The text of a message whose content may be a list of parts. */
const textOf = (content) => (typeof content === "string" ? content : [content ?? []].flat().map((part) => part.text ?? "").join(""));

class Playground extends HTMLElement {
  #columns = [];
  #board = h("div", { class: "board" });
  #busy = 0;
  #made = 0;

  async connectedCallback() {
    replace(this, h("h1", {}, "Playground"), h("p", { class: "faint", role: "status" }, "Reading keys and models …"));
    try {
      const [keys, models, routes, deployments] = await Promise.all([get("keys"), get("models"), get("routes"), get("deployments")]);
      this.#build(keys.data.map((key) => key.name), [...models.data, ...routes.data, ...deployments.data].map((one) => one.name));
      const id = this.place.search.get("request");
      if (id) await this.#take(id);
    } catch (problem) {
      replace(this, h("h1", {}, "Playground"), failure(problem, () => this.connectedCallback()));
    }
  }

  disconnectedCallback() { this.#stop(); }

  #build(keys, names) {
    const heading = h("h1", {}, "Playground");
    if (!names.length) {
      return replace(this, heading, h("section", { class: "card" }, empty("No model yet", h("a", { href: "#/models" }, "Add a provider and a model"),
        "Then come back and talk to it.")));
    }
    this.names = [...new Set(names)];
    const known = keys.length ? keys : ["local"];
    this.key = field("Key", h("select", { id: "play-key" }, known.map((name) => h("option", { value: name }, name))),
      "Requests are limited, billed and logged as this key's");
    this.system = field("System prompt", h("textarea", { id: "play-system", rows: 2, placeholder: "None" }));
    this.parameters = PARAMETERS.map(([name, label, hint]) => field(label, h("input", { id: "play-" + name, name, inputmode: "decimal",
      placeholder: hint,
      autocomplete: "off" })));
    this.streams = h("input", { type: "checkbox", id: "play-stream", checked: true });
    this.add = h("button", { class: "button", type: "button", onclick: () => this.#addColumn() }, "Add a model beside");
    this.prompt = h("textarea", { id: "play-prompt", rows: 2, placeholder: "Say something; Enter sends, Shift and Enter makes a new line" });
    this.sends = h("button", { class: "button primary", type: "submit" }, "Send");
    this.stops = h("button", { class: "button danger", type: "button", hidden: true, onclick: () => this.#stop() }, "Stop");
    const fresh = h("button", { class: "button", type: "button", onclick: async () => {
      if (this.#columns.some((one) => one.messages.length) && !await confirm("Begin anew?", "What was said here goes; the log keeps its requests.",
        "Begin anew")) return;
      this.#stop();
      for (const column of this.#columns) { column.messages = []; replace(column.log, this.#hint()); }
      this.prompt.focus();
    } }, "Begin anew");
    const composer = h("form", { class: "composer card" }, h("label", { for: "play-prompt", class: "unseen" }, "Message"), this.prompt,
      h("div", { class: "row end" }, fresh, h("span", { class: "space" }), this.stops, this.sends));
    composer.addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
    this.prompt.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    replace(this, h("div", { class: "head" }, heading, this.add),
      h("details", { class: "card", open: matchMedia("(min-width: 46rem)").matches }, h("summary", {}, "Key, system prompt, parameters"),
        h("div", { class: "two tight" }, this.key, this.system),
        h("div", { class: "filters shown" }, this.parameters, h("div", { class: "field check" }, this.streams, h("label", { for: "play-stream" },
          "Stream the answer")))),
      this.#board, composer, h("datalist", { id: "play-models" }, this.names.map((name) => h("option", { value: name }))));
    this.#columns = [];
    replace(this.#board);
    this.#addColumn(this.names[0]);
  }

  #hint() { return h("p", { class: "faint" }, "Nothing said yet. Write below; every model on this page gets the same words."); }

  #addColumn(model = this.names[this.#columns.length % this.names.length]) {
    if (this.#columns.length >= MOST) return;
    const number = ++this.#made;
    const input = h("input", { id: "play-model-" + number, list: "play-models", value: model, autocomplete: "off", maxlength: 200 });
    const log = h("div", { class: "log", role: "log", tabindex: "0", "aria-label": `Conversation ${number}` }, this.#hint());
    const column = { input, log, messages: [], control: null };
    const close = h("button", { class: "plain", type: "button", "aria-label": `Close conversation ${number}`, onclick: () => {
      column.control?.abort();
      this.#columns = this.#columns.filter((one) => one !== column);
      column.element.remove();
      this.#count();
    } }, icon("close"));
    column.element = h("section", { class: "card column", "aria-label": `Model ${number}` },
      h("div", { class: "row" }, h("label", { for: input.id, class: "unseen" }, "Model or route"), input, close), log);
    column.close = close;
    this.#columns.push(column);
    this.#board.append(column.element);
    this.#count();
  }

  #count() {
    this.#board.dataset.columns = this.#columns.length;
    this.add.disabled = this.#columns.length >= MOST;
    for (const column of this.#columns) column.close.hidden = this.#columns.length < 2;
  }

  #stop() { for (const column of this.#columns) column.control?.abort(); }

  /** Goes on with a request of the log whose texts are kept. */
  async #take(id) {
    const { data: row } = await read("requests/" + encodeURIComponent(id));
    const body = row.prompt?.body;
    if (!body) return toast(row.texts === "kept" ? "Your role may not read what was said in it." : "What was said in it is not kept.", "bad");
    const column = this.#columns[0];
    if (row.model) column.input.value = row.model;
    if (row.key && [...this.key.control.options].some((one) => one.value === row.key)) this.key.control.value = row.key;
    const turns = Array.isArray(body.messages) ? [...body.messages] : [{ role: "user", content: textOf(body.input ?? body.prompt ?? "") }];
    const systems = turns.filter((one) => ["system", "developer"].includes(one.role));
    this.system.control.value = [textOf(body.system), body.instructions ?? "",
      ...systems.map((one) => textOf(one.content))].filter(Boolean).join("\n\n");
    for (const one of this.parameters) one.control.value = body[one.control.name] ?? "";
    const said = turns.filter((one) => ["user", "assistant"].includes(one.role)).map((one) => ({ role: one.role, content: textOf(one.content) }));
    const last = said.at(-1)?.role === "user" ? said.pop() : null;
    column.messages = said;
    if (said.length) replace(column.log, said.map((one) => this.#bubble(one.role, one.content)));
    this.prompt.value = last?.content ?? "";
    this.prompt.focus();
    if (row.prompt.cut) toast("Only its beginning was kept.", "bad");
  }

  #bubble(role, text) { return h("div", { class: "said " + role }, h("span", { class: "unseen" }, role === "user" ? "You: " : "Answer: "), text); }

  #send() {
    const text = this.prompt.value.trim();
    if (!text || this.#busy) return;
    const options = {};
    for (const one of this.parameters) {
      one.complain("");
      const value = one.control.value.trim();
      if (value && !Number.isFinite(Number(value))) {
        one.closest("details").open = true;
        one.complain("This must be a number.");
        return one.control.focus();
      }
      if (value) options[one.control.name] = Number(value);
    }
    this.prompt.value = "";
    for (const column of this.#columns) this.#ask(column, text, options);
  }

  #working(step) {
    this.#busy += step;
    this.stops.hidden = !this.#busy;
    this.sends.disabled = this.#busy > 0;
  }

  async #ask(column, text, options) {
    if (!column.messages.length) replace(column.log);
    column.messages.push({ role: "user", content: text });
    const words = h("span", {});
    const facts = h("div", { class: "facts-line faint" }, "waiting …");
    const answer = h("div", { class: "said assistant" }, h("span", { class: "unseen" }, "Answer: "), words, facts);
    append(column.log, [this.#bubble("user", text), answer]);
    const control = column.control = new AbortController();
    const system = this.system.control.value.trim();
    const streams = this.streams.checked;
    const body = { model: column.input.value.trim() || undefined, messages: [...(system ? [{ role: "system", content: system }] : []),
      ...column.messages],
      ...options, ...(streams ? { stream: true, stream_options: { include_usage: true } } : {}) };
    const state = { begun: performance.now(), first: null, text: "", usage: null, id: null, error: null };
    this.#working(1);
    try {
      for await (const one of events(pour("playground", { key: this.key.control.value, body }, control.signal))) {
        this.#hear(one, state);
        if (words.textContent !== state.text) {
          words.textContent = state.text;
          facts.textContent = `first token after ${duration(state.first)}`;
          column.log.scrollTop = column.log.scrollHeight;
        }
      }
    } catch (problem) {
      state.error = problem.name === "AbortError" ? "Stopped." : problem.message;
    }
    this.#working(-1);
    column.control = null;
    if (state.text) column.messages.push({ role: "assistant", content: state.text });
    else column.messages.pop();
    if (state.error) answer.insertBefore(h("p", { class: state.error === "Stopped." ? "faint" : "note wrong", role: "alert" }, state.error), facts);
    if (!state.text && !state.error) words.textContent = "(nothing)";
    const took = performance.now() - state.begun;
    facts.textContent = [state.first === null ? null : `first token ${duration(state.first)}`, duration(took)].filter(Boolean).join(" · ");
    if (state.id) await this.#tell(state, took, facts);
    column.log.scrollTop = column.log.scrollHeight;
  }

  #hear({ event, data }, state) {
    if (event === "answer") {
      state.id = JSON.parse(data).request_id;
      return;
    }
    if (data === "[DONE]") return;
    let said;
    try { said = JSON.parse(data); } catch { state.error = "The answer could not be read: " + data.slice(0, 200); return; }
    if (said.error) state.error = said.error.message ?? String(said.error);
    const choice = said.choices?.[0];
    const part = textOf(choice?.delta?.content ?? choice?.message?.content ?? "");
    if (part) {
      state.first ??= performance.now() - state.begun;
      state.text += part;
    }
    if (said.usage) state.usage = said.usage;
  }

  /** What the log says of it, once it is there. */
  async #tell(state, took, facts) {
    let row = null;
    for (let trial = 0; trial < 12 && this.isConnected; trial += 1) {
      try {
        // Asked for by itself it might be missed yet.
        const { data } = await get("requests" + query({ key: this.key.control.value, limit: 50 }));
        const found = data.find((one) => one.id === state.id);
        if (found && found.state !== "open") { row = await get("requests/" + encodeURIComponent(state.id)); break; }
      } catch { return; } // the answer stands without it
      await pause(100 * (trial + 1));
    }
    if (!row) return;
    const decision = row.decision ?? {};
    const route = [row.route ?? decision.route, row.deployment].filter(Boolean).join(" → ");
    replace(facts, h("div", {}, [route, state.first === null ? null : `first token ${duration(state.first)}`, duration(row.duration_ms ?? took),
      `${count(row.usage.input)} + ${count(row.usage.output)} tokens`, money(row.cost_usd)].filter(Boolean).join(" · ")),
    h("details", {}, h("summary", {}, "Why"), h("ul", { class: "sentences" }, sentences(row).map((text) => h("li", {}, text))),
      h("a", { href: "#/requests/" + row.id }, "The request in the log")));
  }
}

customElements.define("swiftlet-playground", Playground);
