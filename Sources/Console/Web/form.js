// A form out of a section's JSON Schema, as `GET /api/v1/schema/{path}` gives it: help, defaults, ranges and problems come from the
// same declarations as those of the file.

import { h, field, replace } from "./dom.js";
import { words } from "./format.js";
import { isAt, isMap } from "./treedata.js";

let count = 0;

/** A property without "or nothing" and "or a list of it". */
export function kindOf(property) {
  let schema = property ?? {};
  let isList = false;
  for (;;) {
    if (schema.enum) return { kind: "choice", names: schema.enum, isList };
    const parts = (schema.anyOf ?? []).filter((part) => part.type !== "null");
    const list = parts.find((part) => part.type === "array");
    if (list) isList = true;
    if (parts.length) schema = list ? list.items ?? {} : parts[0];
    else break;
  }
  const types = [schema.type ?? []].flat().filter((type) => type !== "null");
  if (types.includes("object")) return schema.properties ? { kind: "section", schema, isList } : { kind: "free", isList };
  if (types.includes("boolean")) return { kind: "flag", isList };
  if (types.includes("string")) return { kind: "text", isDuration: types.includes("number"), example: schema.examples?.[0], isList };
  if (types.length) return { kind: "number", isWhole: types.includes("integer"), isList };
  return { kind: "free", isList };
}

const usual = (property) => (property.default === undefined ? null : String(property.default));
/** Help as it is read: names of settings stand in quotes. */
export const prose = (text) => (text ?? "").replace(/`([^`]+)`/g, "“$1”");
/** A problem as a sentence. */
export const readable = (problem) => {
  const text = prose(problem.message);
  return { ...problem, message: text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".") };
};
const title = (name) => words(name).replace(/^./, (letter) => letter.toUpperCase());

/** Controls by kind: each with `get`, undefined for nothing. */
function control(name, property, value, changed) {
  const kind = kindOf(property);
  const attributes = { name, autocomplete: "off", oninput: changed };
  const hint = usual(property) ?? (kind.example ? `such as ${kind.example}` : "");
  if (kind.kind === "choice" && kind.isList) return boxes(name, kind.names, value, changed);
  if (kind.kind === "flag" || kind.kind === "choice") {
    const names = kind.kind === "flag" ? ["true", "false"] : kind.names;
    const said = { true: "yes", false: "no" };
    const none = hint && usual(property) ? `as usual: ${said[hint] ?? words(hint)}` : "as usual";
    const box = h("select", { name, onchange: changed }, h("option", { value: "" }, none), names.map((one) =>
      h("option", { value: one, selected: String(value ?? "") === one }, said[one] ?? words(one))));
    return [box, () => (box.value === "" ? undefined : kind.kind === "flag" ? box.value === "true" : box.value)];
  }
  if (kind.kind === "number" && !kind.isList) {
    const box = h("input", { ...attributes, type: "number", min: property.minimum, max: property.maximum, step: kind.isWhole ? "1" : "any",
      placeholder: hint, value: value ?? "" });
    return [box, () => (box.value === "" ? undefined : Number(box.value))];
  }
  if (kind.kind === "free" || isMap(value) || (Array.isArray(value) && value.some((one) => typeof one === "object"))) {
    const box = h("textarea", { ...attributes, rows: 3, class: "mono", spellcheck: "false", placeholder: "JSON" },
      value === undefined ? "" : JSON.stringify(value, null, 1));
    return [box, () => {
      if (!box.value.trim()) return undefined;
      try { return JSON.parse(box.value); } catch { return box.value; }
    }];
  }
  if (kind.isList) {
    const box = h("input", { ...attributes, value: [value ?? []].flat().join(", "), placeholder: "names with commas between" });
    return [box, () => {
      const list = box.value.split(",").map((one) => one.trim()).filter(Boolean);
      return list.length ? list : undefined;
    }];
  }
  const box = h("input", { ...attributes, value: value ?? "", placeholder: hint });
  return [box, () => (box.value.trim() === "" ? undefined : box.value.trim())];
}

function boxes(name, names, value, changed) {
  const chosen = new Set([value ?? []].flat());
  const inputs = names.map((one) => h("input", { type: "checkbox", name, value: one, checked: chosen.has(one), onchange: changed }));
  const box = h("div", { class: "boxes", role: "group" }, inputs.map((input) => h("label", {}, input, words(input.value))));
  return [box, () => {
    const list = inputs.filter((input) => input.checked).map((input) => input.value);
    return list.length ? list : undefined;
  }];
}

/**
 * `only`: the names in this order; the rest stays behind "More" where `rest` is true. `special`: by name, `(value, changed) => [element, get]`.
 * What the form does not show is left as it is.
 */
export function form(schema, value, { only, rest = false, skip = ["name"], special = {}, changed = () => {} } = {}) {
  const names = Object.keys(schema.properties).filter((name) => !skip.includes(name));
  const getters = new Map();
  const fields = new Map();
  const id = "form-" + ++count;
  const row = (name) => {
    const property = schema.properties[name];
    const kind = kindOf(property);
    const help = prose(property.description);
    if (special[name]) {
      const [element, get] = special[name](value?.[name], changed);
      getters.set(name, get);
      const whole = h("div", { class: "field broad" }, h("p", { class: "field-name" }, title(name)), element, h("p", { class: "note" }, help));
      whole.complain = complainer(whole, whole.lastChild, help);
      fields.set(name, whole);
      return whole;
    }
    if (kind.kind === "section" && !kind.isList) {
      const inner = form(kind.schema, isMap(value?.[name]) ? value[name] : undefined, { changed });
      getters.set(name, () => inner.value);
      const note = h("p", { class: "note" }, help);
      const whole = h("fieldset", { class: "broad" }, h("legend", {}, title(name)), note, inner);
      whole.complain = complainer(whole, note, help);
      whole.inner = inner;
      fields.set(name, whole);
      return whole;
    }
    const [element, get] = control(name, property, value?.[name], changed);
    getters.set(name, get);
    const range = kind.kind !== "number" || property.maximum === undefined ? "" : property.maximum >= 1e6 ? ` ${property.minimum} or more.`
      : ` ${property.minimum} to ${property.maximum}.`;
    const whole = field(title(name), element, help + range, `${id}-${name}`);
    if (element.getAttribute("role") === "group") {
      const label = whole.querySelector("label");
      label.replaceWith(h("p", { class: "field-name", id: `${id}-${name}-name` }, title(name)));
      element.setAttribute("aria-labelledby", `${id}-${name}-name`);
      whole.classList.add("broad");
    }
    if (element.localName === "textarea") whole.classList.add("broad");
    fields.set(name, whole);
    return whole;
  };
  const first = (only ?? names).filter((name) => names.includes(name));
  const isSet = (name) => value?.[name] !== undefined;
  const shown = only ? [...first, ...names.filter((name) => !first.includes(name) && isSet(name))] : first;
  const hidden = rest ? names.filter((name) => !shown.includes(name)) : [];
  const grid = h("div", { class: "form" }, shown.map(row));
  if (hidden.length) {
    const more = h("details", { class: "broad" }, h("summary", {}, `${hidden.length} more settings`));
    // Made when they are looked for.
    more.addEventListener("toggle", () => { if (more.children.length === 1) more.append(h("div", { class: "form" }, hidden.map(row))); },
      { once: true });
    grid.append(more);
  }
  Object.defineProperty(grid, "value", {
    get() {
      const all = { ...(value ?? {}) };
      for (const [name, get] of getters) {
        const now = get();
        if (now === undefined) delete all[name];
        else all[name] = now;
      }
      return Object.keys(all).length ? all : undefined;
    },
  });
  /** Shows problems whose paths are below `path`; returns those that no field took. */
  grid.complain = (problems, path) => {
    const left = new Set(problems);
    for (const [name, whole] of fields) {
      const own = problems.filter((one) => isAt(one.path, `${path}.${name}`));
      const inner = whole.inner ? whole.inner.complain(own, `${path}.${name}`) : own;
      whole.complain(inner.map((one) => one.message).join(" "));
      for (const one of own) left.delete(one);
    }
    return [...left];
  };
  return grid;
}

function complainer(whole, note, help) {
  note.setAttribute("aria-live", "polite");
  return (text) => {
    note.textContent = text ? text : help;
    whole.classList.toggle("wrong", Boolean(text));
  };
}

/** A switch for a section that may be left out: off takes it out, on begins with nothing said. */
export function optional(name, help, schema, value, changed, more = {}) {
  const body = h("div", {});
  let inner = null;
  const box = h("input", { type: "checkbox", checked: value !== undefined && value !== null });
  const show = (now) => {
    inner = box.checked ? form(schema, now, { ...more, changed }) : null;
    replace(body, inner);
  };
  box.addEventListener("change", () => { show(value ?? undefined); changed(); });
  show(value ?? undefined);
  const note = h("p", { class: "note" }, help);
  const whole = h("section", { class: "card optional", "aria-label": name }, h("h2", {}, h("label", { class: "part-switch" }, box, name)), note,
    body);
  Object.defineProperty(whole, "value", { get: () => (inner ? inner.value ?? {} : undefined) });
  whole.complain = (problems, path) => {
    const left = inner ? inner.complain(problems, path) : problems;
    note.textContent = left.map((one) => one.message).join(" ") || help;
    whole.classList.toggle("wrong", left.length > 0);
  };
  return whole;
}
