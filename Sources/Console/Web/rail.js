// Guardrails one by one: what there is to say of each, its form, and what they found in a text.

import { h, badge, field, submits } from "./dom.js";
import { count, words } from "./format.js";
import { marked, number, row, table } from "./parts.js";

export const RAILS = [
  ["pii", "Personal data", "Addresses, numbers, secrets and names", ["off", "warn", "mask", "block", "route"]],
  ["injection", "Injection", "Text that tries to give the model other orders", ["off", "warn", "block", "route"]],
  ["toxicity", "Toxicity", "Insults, threats and hate", ["off", "warn", "block", "route"]],
  ["keywords", "Keywords", "Words and phrases of your own", ["off", "warn", "mask", "block", "route"]],
  ["budget_cap", "Hard budget", "Requests beyond a hard budget of their key, project or customer", ["off", "warn", "block"]],
];
export const KINDS = ["email", "phone", "card", "iban", "national_id", "ip", "coordinates", "secret", "name", "address"];
export const ACTION = { off: ["", "off"], warn: ["calm", "warns"], mask: ["warn", "masks"], block: ["bad", "blocks"], route: ["calm",
  "routes elsewhere"] };
export const LEVEL = { off: "", pass: "good", warn: "calm", mask: "", route: "calm", block: "bad", log: "calm" };

export const section = (value) => (typeof value === "string" ? { action: value === "allow" ? "off" : value } : value ?? {});
export const actionOf = (name, value) => section(value).action ?? (name === "budget_cap" ? "block" : "off");

/** Fields of a guardrail; `save` gets its section. */
export function railForm(name, actions, now, action, models, save, close) {
  const select = (id, list, chosen) => h("select", { id: "rail-" + id }, list.map(([value, text]) => h("option", { value,
    selected: value === chosen },
    text)));
  const check = (id, text, checked) => {
    const input = h("input", { type: "checkbox", id: "rail-" + id, checked });
    const whole = h("div", { class: "field" }, h("label", { class: "row" }, input, text));
    whole.control = input;
    return whole;
  };
  const isScored = name === "injection" || name === "toxicity" || name === "pii";
  const fields = { action: field("What becomes of what is found", select("action", actions.map((one) => [one, ACTION[one][1]]), action ?? "off")) };
  if (name !== "budget_cap") {
    fields.scope = field("Looks at", select("scope", [["", "the usual"], ["prompt", "prompts"], ["reply", "replies"], ["both", "both"]], now.scope
      ?? ""));
    if (isScored) fields.threshold = field("Least score that is a finding", h("input", { id: "rail-threshold", type: "number", min: 0, max: 1,
      step: 0.01, value: now.threshold ?? "", placeholder: "0.5" }), "0 to 1; higher finds less");
    fields.route = field("Route that it goes to", h("input", { id: "rail-route", value: now.route ?? "", list: "rail-routes", autocomplete: "off" }),
      "Only of “routes elsewhere”");
    fields.shadow = check("shadow", "Shadow: count what it would have done, and do nothing", now.shadow === true);
  }
  if (name === "pii") {
    fields.restore = check("restore", "Put the values back into the reply", now.restore === true);
    fields.kinds = h("fieldset", { class: "field" }, h("legend", {}, "What it looks for"), h("div", { class: "row" }, KINDS.map((kind) =>
      h("label", { class: "row" }, h("input", { type: "checkbox", value: kind, checked: !now.kinds || now.kinds.includes(kind) }), words(kind)))));
  }
  if (name === "keywords") {
    fields.words = field("Words and phrases", h("textarea", { id: "rail-words", rows: 5 }), "One a line, found in any case");
    fields.words.control.value = (now.words ?? []).join("\n");
  }
  const said = h("p", { class: "note wrong", role: "alert", tabindex: "-1" });
  const show = () => { if (fields.route) fields.route.hidden = fields.action.control.value !== "route"; };
  const collected = () => {
    const mine = { ...now, action: fields.action.control.value };
    const put = (part, value) => { if (value === null || value === "") delete mine[part]; else mine[part] = value; };
    if (name === "budget_cap") return mine.action;
    put("scope", fields.scope.control.value);
    if (fields.threshold) put("threshold", fields.threshold.control.value === "" ? null : Number(fields.threshold.control.value));
    put("route", fields.action.control.value === "route" ? fields.route.control.value.trim() : null);
    put("shadow", fields.shadow.control.checked ? true : null);
    if (fields.restore) put("restore", fields.restore.control.checked ? true : null);
    if (fields.kinds) {
      const chosen = [...fields.kinds.querySelectorAll("input:checked")].map((input) => input.value);
      put("kinds", chosen.length === KINDS.length || !chosen.length ? null : chosen);
    }
    if (fields.words) put("words", fields.words.control.value.split("\n").map((word) => word.trim()).filter(Boolean));
    return mine;
  };
  const form = h("form", { novalidate: true }, Object.values(fields), h("datalist", { id: "rail-routes" }, models.map((one) =>
    h("option", { value: one }))), said, h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() },
      "Cancel"),
  h("button", { class: "button primary", type: "submit" }, "Save")));
  form.addEventListener("input", show);
  submits(form, async () => {
    for (const one of Object.values(fields)) one.complain?.("");
    said.textContent = "";
    try {
      await save(collected());
    } catch (problem) {
      const left = [];
      for (const { path, message } of problem.fields ?? []) {
        const part = path.split(".").map((step) => step.replace(/\[.*/, "")).reverse().find((step) => fields[step]?.complain);
        if (part) fields[part].complain(message.charAt(0).toUpperCase() + message.slice(1));
        else left.push(message);
      }
      said.textContent = problem.fields?.length ? left.join(" ") : problem.message;
      (form.querySelector(".wrong :is(input, textarea, select)") ?? said).focus();
    }
  });
  show();
  return form;
}

/** An action with its colour; what is only counted has none. */
export const standing = (action, isShadow) => (isShadow && action !== "off" ? badge("", `${ACTION[action][1]} (shadow)`) : badge(...ACTION[action]));

/** How a guardrail stands, in a sentence. */
export function said(name, value, action) {
  if (action === "off") return "Nothing is looked for.";
  const parts = [];
  if (value.shadow) parts.push("only counts what it would do");
  if (value.threshold !== undefined) parts.push(`from a score of ${value.threshold} on`);
  if (value.scope) parts.push(`in ${{ prompt: "prompts", reply: "replies", both: "both directions" }[value.scope]}`);
  if (value.kinds) parts.push(`of ${value.kinds.map(words).join(", ")}`);
  if (value.restore) parts.push("replies get the values back");
  if (value.words) parts.push(`${value.words.length} ${value.words.length === 1 ? "word" : "words"}`);
  if (value.route) parts.push(`to ${value.route}`);
  const text = parts.join(", ");
  return text ? text.charAt(0).toUpperCase() + text.slice(1) + "." : "";
}

/** What guardrails would do to a text: verdict, places marked, what goes on. */
export function verdict(text, found) {
  const places = found.findings.map((one) => [one.start, one.end,
    `${words(one.guardrail)}${one.name ? `, ${words(one.name)}` : ""}: ${one.shadow ? "shadow" : one.action}`,
    one.shadow ? "calm" : LEVEL[one.action]]);
  const head = !found.guarded ? badge("", "nobody looks at it") : found.action === "block" ? badge("bad", `blocked by ${words(found.blocked_by)}`)
    : found.action === "pass" ? badge("good", "goes on as it is") : badge(LEVEL[found.action] || "warn", found.action === "route"
      ? `goes to ${found.route}` : ACTION[found.action]?.[1] ?? found.action);
  const scores = found.scope === "prompt" ? `, injection ${found.injection_score}, toxicity ${found.toxicity_score}`
    : `, toxicity ${found.toxicity_score}`;
  const out = [h("p", { role: "status" }, head, h("span", { class: "faint" },
    ` ${count(found.matches)} found in ${count(found.bytes)} bytes${scores}`)),
    marked(text, places)];
  if (found.text !== null && found.text !== text) out.push(h("h3", {}, found.scope === "reply" ? "What the client gets" : "What the provider gets"),
    h("pre", { class: "texts", tabindex: "0" }, found.text));
  if (found.findings.length) out.push(table([["Guardrail"], ["Found"], ["Score", "number"], ["What becomes of it"]], found.findings.slice(0,
    30).map((one) =>
    row([words(one.guardrail), one.name ? h("div", { class: "faint" }, words(one.name)) : null], h("code", {}, one.evidence),
      number(String(one.score)),
      badge(one.shadow ? "" : LEVEL[one.action] || "warn", one.shadow ? `only counted (${one.action})` : one.action)))));
  return out;
}
