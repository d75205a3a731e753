// Controls for settings, made from their declarations (JSON Schema as `GET /api/v1/forms/{section}` has it).

import { h, field } from "./dom.js";

const parts = (property) => (property.anyOf ? property.anyOf.flatMap(parts) : [property]).filter((one) => one.type !== "null");
const kinds = (property) => parts(property).flatMap((one) => one.type ?? []).filter((type) => type !== "null");
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

/** A value in a few words. */
export function shown(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.length ? (value.every((one) => typeof one !== "object") ? value.join(", ")
    : `${value.length} ${value.length > 1 ? "entries" : "entry"}`) : "none";
  if (value && typeof value === "object") return Object.entries(value).map(([name, one]) => `${name}: ${shown(one)}`).join(", ") || "none";
  return String(value);
}

const same = (left, right) => JSON.stringify(left ?? null) === JSON.stringify(right ?? null);
const list = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);
let made = 0;

/** Names to choose from, as the browser shows them under an input. */
function choices(input, names) {
  if (!names?.length) return null;
  const id = `names-${made++}`;
  input.setAttribute("list", id);
  return h("datalist", { id }, names.map((name) => h("option", { value: name })));
}

/**
 * A control: `element` with its label, note and `complain`, `value()` (null: not set), `isChanged()`.
 * `known`: what names may be chosen from: `keys` of a table, `values`, `inner` the same within.
 */
export function control(label, id, property, value, changed, known = {}) {
  const all = parts(property);
  const find = (test) => all.find(test);
  const sections = find((one) => one.items?.properties);
  const section = find((one) => one.properties);
  const map = find((one) => one.additionalProperties && typeof one.additionalProperties === "object");
  const enumeration = find((one) => one.enum);
  const it = { label, id, property, value, changed, known };
  if (sections) return entries({ ...it, shape: sections.items });
  if (section) return find((one) => one.type === "string") ? pair({ ...it, shape: section }) : group({ ...it, shape: section });
  if (map) return table({ ...it, shape: map.additionalProperties });
  if (find((one) => one.items)) return words(it);
  return simple({ ...it, names: known.choices ?? enumeration?.enum });
}

function hint({ description = "", minimum, maximum, default: usual }) {
  const bounds = minimum === undefined ? "" : ` ${number.format(minimum)} to ${number.format(maximum)}.`;
  return description + bounds + (usual === undefined ? "" : ` Usual: ${shown(usual)}.`);
}

function simple({ label, id, property, value, changed, known, names }) {
  const types = kinds(property);
  const isBool = types.includes("boolean");
  const text = list(value).length ? String(value) : "";
  const options = isBool ? [["true", "Yes"], ["false", "No"]] : names?.map((one) => [one, one]);
  if (options && text && !options.some(([one]) => one === text)) options.push([text, text]);
  const input = options
    ? h("select", { id }, [["", "Not set"], ...options].map(([one, word]) => h("option", { value: one, selected: one === text }, word)))
    : h("input", { id, value: text, placeholder: "Not set", autocomplete: "off", maxlength: 2000,
      inputmode: types.length && types.every((one) => one === "number" || one === "integer") ? "decimal" : null });
  const element = field(label, input, hint(property));
  if (!options) element.append(choices(input, known.values) ?? "");
  input.addEventListener("input", changed);
  const now = () => {
    const plain = input.value.trim();
    if (plain === "") return null;
    if (isBool) return plain === "true";
    // Durations and sizes may be numbers, too.
    return types.some((one) => one === "number" || one === "integer") && Number.isFinite(Number(plain)) ? Number(plain) : plain;
  };
  return { element, value: now, isChanged: () => input.value.trim() !== text };
}

/** Names in order, a line each. */
function words({ label, id, property, value, changed }) {
  const before = list(value);
  const input = h("textarea", { id, rows: Math.max(2, before.length), placeholder: "Not set" });
  input.value = before.join("\n");
  const element = field(label, input, property.description + " One on each line.");
  input.addEventListener("input", changed);
  const now = () => { const lines = input.value.split("\n").map((line) => line.trim()).filter(Boolean); return lines.length ? lines : null; };
  return { element, value: now, isChanged: () => !same(now(), before.length ? before : null) };
}

/** Something with parts of its own that opens and closes. */
function folder({ label, property, changed }, count, ...inside) {
  const note = h("p", { class: "note" }, property.description ?? "");
  const state = h("span", { class: "faint" });
  const element = h("details", { class: "field group", open: count() > 0 }, h("summary", {}, label, " ", state), note, inside);
  const tell = () => { state.textContent = count() ? `${count()} set` : "Not set"; };
  element.complain = (text) => {
    note.textContent = text || (property.description ?? "");
    element.classList.toggle("wrong", Boolean(text));
    if (text) element.open = true;
  };
  tell();
  return { element, changed: () => { tell(); changed(); } };
}

function within({ id, shape, value, known }, changed) {
  return Object.entries(shape.properties).map(([name, one]) =>
    [name, control(name.replaceAll("_", " "), `${id}-${name}`, one, value?.[name], changed, known.inner ?? {})]);
}

const gathered = (controls) => {
  const whole = Object.fromEntries(controls.map(([name, one]) => [name, one.value()]).filter(([, one]) => one !== null));
  return Object.keys(whole).length ? whole : null;
};

/** Settings within a setting. */
function group(it) {
  let tell = () => {};
  const controls = within(it, () => tell());
  const { element, changed } = folder(it, () => controls.filter(([, one]) => one.value() !== null).length,
    h("div", { class: "filters shown" }, controls.map(([, one]) => one.element)));
  tell = changed;
  return { element, value: () => gathered(controls), isChanged: () => controls.some(([, one]) => one.isChanged()),
    parts: Object.fromEntries(controls) };
}

/** What may be written short, by its first part alone. */
function pair(it) {
  const [first] = Object.keys(it.shape.properties);
  const value = typeof it.value === "string" ? { [first]: it.value } : it.value;
  const controls = within({ ...it, value, known: { inner: { values: it.known.values } } }, it.changed);
  const element = h("div", { class: "filters" }, controls.map(([, one]) => one.element));
  element.complain = (text) => controls[0][1].element.complain(text);
  const now = () => {
    const whole = gathered(controls);
    return whole && Object.keys(whole).every((name) => name === first || whole[name] === false) ? whole[first] ?? null : whole;
  };
  return { element, value: now, isChanged: () => controls.some(([, one]) => one.isChanged()), parts: Object.fromEntries(controls) };
}

/** Rows that come and go. `make(value)` gives a row's elements and its value. */
function rows(it, start, make, gather) {
  const body = h("div", {});
  const all = [];
  let tell = () => {};
  const add = (value) => {
    const row = make(value, () => tell());
    const drop = h("button", { class: "button small", type: "button", onclick: () => { all.splice(all.indexOf(row), 1); line.remove(); tell(); } },
      "Take out");
    const line = h("div", { class: "pair" }, row.elements, drop);
    all.push(row);
    body.append(line);
    return line;
  };
  for (const value of start) add(value);
  const before = JSON.stringify(gather(all));
  const more = h("button", { class: "button small", type: "button", onclick: () => { add().querySelector("input, summary")?.focus(); tell(); } },
    "Add one");
  const { element, changed } = folder(it, () => all.length, body, more);
  tell = changed;
  return { element, value: () => gather(all), isChanged: () => JSON.stringify(gather(all)) !== before };
}

/** Names and what each has. */
function table(it) {
  const gather = (all) => {
    const named = all.filter(({ key }) => key.control.value.trim());
    return named.length ? Object.fromEntries(named.map(({ key, part }) => [key.control.value.trim(), part.value() ?? ""])) : null;
  };
  return rows(it, Object.entries(it.value ?? {}), ([name, value] = ["", undefined], changed) => {
    const at = `${it.id}-${made++}`;
    const key = field("Name", h("input", { id: at, value: name, autocomplete: "off", maxlength: 200 }));
    key.append(choices(key.control, it.known.keys) ?? "");
    key.control.addEventListener("input", changed);
    const part = control("Value", at + "-value", { description: "", ...it.shape }, value, changed, { ...it.known.inner, values: it.known.values });
    return { key, part, elements: [key, part.element] };
  }, gather);
}

/** A list of sections. */
function entries(it) {
  const gather = (all) => { const found = all.map(({ part }) => part.value()).filter((one) => one !== null); return found.length ? found : null; };
  return rows(it, list(it.value), (value, changed) => {
    const title = value?.id ?? value?.name ?? value?.path ?? "New one";
    const part = group({ ...it, label: title, property: {}, id: `${it.id}-${made++}`, shape: it.shape, value, changed, known: {} });
    part.element.open = value === undefined;
    return { part, elements: [part.element] };
  }, gather);
}

/** Puts the messages of a problem beside the controls that they are about; the rest goes to `tell`. */
export function complain(problem, section, controls, tell) {
  let first = null;
  const left = [];
  for (const { path, message } of problem.fields) {
    const [head, name, ...inner] = path.split(/\.|\[/);
    const one = head === section ? controls[name] : null;
    if (!one) { left.push(`${path}: ${message}`); continue; }
    const part = one.parts?.[inner[0]];
    (part ?? one).element.complain((inner.length && !part ? inner.join(".").replaceAll("]", "") + ": " : "") + message);
    if (part) one.element.open = true;
    first ??= one.element;
  }
  first?.querySelector("input, select, textarea")?.focus();
  if (!problem.fields.length || left.length) tell(left.join(" ") || problem.message, "bad");
}
