// Every section of the settings, also those that no other screen is for: forms out of the declarations that the file has, too.

import { h, replace, badge, confirm, empty, failure, toast } from "./dom.js";
import { read, remove, setting } from "./api.js";
import { words } from "./format.js";
import { form, prose } from "./form.js";
import { unsaved } from "./parts.js";

const SECTIONS = [
  ["server", "Server"], ["ledger", "Ledger"], ["organisation", "Organisation"], ["router", "Router"], ["general", "General"],
  ["cache", "Response cache"], ["responses", "Stored responses"], ["learning", "Learning from feedback"], ["alerts", "Alerts"],
  ["telemetry", "Telemetry"], ["regions", "Regions"], ["guardrails", "Guardrails"], ["admin", "Admin API"],
  ["default_router", "Default route"], ["prices_file", "File of prices"], ["store", "Store"], ["secrets_key", "Secrets key"],
];
const ELSEWHERE = [
  ["models", "Models and providers"], ["routes", "Routes, policies and rules"], ["keys", "Keys"], ["projects", "Projects and customers"],
  ["firewall", "Firewall rules"],
];

class All extends HTMLElement {
  #changed = new Map();

  connectedCallback() {
    replace(this, h("h1", {}, "All settings"),
      h("p", {}, "What is saved here stands above the settings file and holds at once, on every gateway. ",
        ELSEWHERE.map(([name, title], at) => [at ? ", " : "", h("a", { href: "#/" + name }, title)]), " have screens of their own."),
      SECTIONS.map(([name, title]) => this.#section(name, title)));
  }

  /** Whether something is unsaved, which is asked about. */
  stays() {
    return this.#changed.size > 0 && unsaved("#/all", [...this.#changed.values()].join(", "), () => this.#changed.clear());
  }

  get #mayChange() { return ["admin", "operator"].includes(this.place.who.role); }

  #section(name, title) {
    const body = h("div", {});
    const part = h("details", { class: "card", "data-section": name }, h("summary", {}, h("strong", {}, title)), body);
    part.addEventListener("toggle", () => { if (part.open) this.#load(name, title, body); }, { once: true });
    return part;
  }

  async #load(name, title, body) {
    try {
      const { data, etag } = await read("forms/" + name);
      this.#show(name, title, body, data, etag);
    } catch (problem) {
      replace(body, failure(problem, () => this.#load(name, title, body)));
    }
  }

  #show(name, title, body, { value, schema, changed, fixed }, etag) {
    // A single value is a form of one field.
    const isSingle = !schema.properties;
    if (!isSingle && !Object.keys(schema.properties).length) return replace(body, empty("Nothing to set here"));
    const said = h("p", { class: "note", role: "status" });
    const save = h("button", { class: "button primary", type: "button", disabled: true }, "Save");
    this.#changed.delete(name);
    const changes = () => { save.disabled = !this.#mayChange; said.textContent = ""; this.#changed.set(name, title); };
    const fields = isSingle ? form({ properties: { [name]: schema } }, value === null ? undefined : { [name]: value }, { changed: changes })
      : form(schema, value, { changed: changes });
    const now = () => (isSingle ? fields.value?.[name] ?? null : fields.value ?? {});
    if (fixed) {
      for (const input of fields.querySelectorAll("input")) input.disabled = true;
      return replace(body, fields, h("p", { class: "note" }, prose(fixed) + "."));
    }
    const tell = (problem) => {
      const own = problem.fields ?? [];
      const left = isSingle ? fields.complain(own.map((one) => ({ ...one, path: "." + one.path })), "") : fields.complain(own, name);
      said.textContent = left.map((one) => one.message).join(" ")
        || (problem.fields?.length ? "Nothing was saved: see what is marked." : problem.message);
      said.classList.add("wrong");
    };
    save.addEventListener("click", async () => {
      save.disabled = true;
      try {
        const { saveMerged } = await import("./merge.js");
        const saved = await saveMerged([name], now(), value, etag, title, () => read("forms/" + name));
        if (!saved) {
          save.disabled = false;
          return;
        }
        toast(`${title}: saved. It holds from ${saved.isForNextStart ? "the next start of the gateway" : "now on"}.`);
        this.#load(name, title, body);
      } catch (problem) {
        tell(problem);
        save.disabled = false;
      }
    });
    const back = h("button", { class: "button", type: "button", disabled: !this.#mayChange, onclick: async () => {
      if (!await confirm(`${title} as the file has it?`, "What was saved here is taken out; history keeps it.", "Take it out")) return;
      try {
        await remove(setting([name]), etag);
        toast(`${title}: as in the file.`);
        this.#load(name, title, body);
      } catch (problem) {
        tell(problem);
      }
    } }, "Back to the file");
    replace(body, changed.length ? h("p", {}, badge("info", "set here"), " ", changed.map((one) => words(one || name)).join(", ")) : null,
      fields, said, h("div", { class: "row end" }, changed.length ? back : null,
        this.#mayChange ? save : h("p", { class: "faint" }, "Your role may only look.")));
  }
}

customElements.define("swiftlet-all", All);
