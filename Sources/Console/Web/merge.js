// Two people changed the same thing: what each of them made of it, side by side, to choose from.

import { h, dialog, replace } from "./dom.js";
import { Problem, put, read, setting } from "./api.js";
import { shown } from "./diff.js";

const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (value) => (Array.isArray(value) ? value.map(sorted) : isMap(value)
  ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])])) : value);
const isNamed = (value) => Array.isArray(value) && value.length > 0 && value.every((item) => isMap(item) && typeof item.name === "string")
  && new Set(value.map((item) => item.name)).size === value.length;

/** Lists of things with names are looked into; other lists are one value. Path: names, `null` before those of a list's items. */
function parts(base, mine, theirs, path, found) {
  if (same(mine, theirs)) return found;
  const sides = [base, mine, theirs];
  if (isMap(mine) && isMap(theirs)) {
    for (const name of new Set(sides.filter(isMap).flatMap(Object.keys))) {
      parts(isMap(base) ? base[name] : undefined, mine[name], theirs[name], [...path, name], found);
    }
  } else if (isNamed(mine) && isNamed(theirs) && (base === undefined || isNamed(base) || base?.length === 0)) {
    const item = (list, name) => list?.find((one) => one.name === name);
    for (const name of new Set(sides.filter(isNamed).flatMap((list) => list.map((one) => one.name)))) {
      parts(item(base, name), item(mine, name), item(theirs, name), [...path, { item: name }], found);
    }
  } else {
    const isMine = same(theirs, base);
    const isTheirs = same(mine, base);
    found.push({ path, base, mine, theirs, take: isMine ? "mine" : isTheirs ? "theirs" : null });
  }
  return found;
}

export const differences = (base, mine, theirs) => parts(base, mine, theirs, [], []);

function set(whole, path, value) {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (isMap(step)) {
    const list = [...(whole ?? [])];
    const at = list.findIndex((one) => one.name === step.item);
    const now = set(at < 0 ? undefined : list[at], rest, value);
    if (now === undefined) return list.filter((_, index) => index !== at);
    if (at < 0) list.push(now);
    else list[at] = now;
    return list;
  }
  const { [step]: old, ...others } = whole ?? {};
  const now = set(old, rest, value);
  if (now === undefined) return others;
  return old === undefined ? { ...others, [step]: now } : Object.fromEntries(Object.keys(whole).map((name) => [name,
    name === step ? now : whole[name]]));
}

/** From what they have, with what was chosen. */
export const joined = (theirs, list) => list.reduce((whole, one) => set(whole, one.path, one[one.take]), theirs);

const place = (path) => path.map((step) => (isMap(step) ? `“${step.item}”` : step)).join(" · ") || "The whole";
const SIDES = [["mine", "Mine"], ["theirs", "Theirs"], ["base", "As it was before both"]];

/** Resolves with the `value` that was put together, null where nothing shall be saved. */
export function merge(title, base, mine, theirs) {
  const list = differences(base, mine, theirs).sort((a, b) => Number(Boolean(a.take)) - Number(Boolean(b.take)));
  if (!list.length) return Promise.resolve({ value: mine });
  const open = list.filter((one) => !one.take).length;
  return dialog(title, (close) => {
    const left = h("p", { class: "note", role: "status" });
    const save = h("button", { class: "button primary", type: "button", onclick: () => close({ value: joined(theirs, list) }) },
      "Save what is chosen");
    const tell = () => {
      const missing = list.filter((one) => !one.take).length;
      save.disabled = missing > 0;
      left.textContent = missing ? `${missing} still to choose.` : "All is chosen.";
    };
    const group = (one, at) => h("fieldset", { class: "merge" }, h("legend", {}, place(one.path)),
      one.take ? h("p", { class: "note" }, one.take === "mine" ? "Only you changed this." : "Only they changed this.")
        : h("p", { class: "note wrong" }, "Both of you changed this."),
      h("div", { class: "sides" }, SIDES.map(([side, name]) => h("label", { class: "side" },
        h("span", { class: "row" }, h("input", { type: "radio", name: "merge-" + at, value: side, checked: one.take === side,
          onchange: () => { one.take = side; tell(); } }), h("strong", {}, name)), shown(one[side])))));
    tell();
    const body = h("div", { class: "merge-list" });
    replace(body, list.map(group));
    return h("div", {}, h("p", {}, "Somebody else saved this while you were changing it. " + (open
      ? "Choose what shall hold; what only one of you changed is chosen already." : "You changed different parts, so both fit together.")),
    body, left, h("div", { class: "row end" }, h("button", { class: "button", type: "button", onclick: () => close() }, "Go on editing"), save));
  });
}

/**
 * Saves a setting over what was read before. Where it was changed meanwhile, asks how to put both together.
 * Returns { value, etag } as saved, null where it was left unsaved. `again`: reads it once more.
 */
export async function saveMerged(path, mine, base, etag, name, again = () => read(setting(path))) {
  let [value, from, tag] = [mine, base, etag];
  for (;;) {
    try {
      const saved = await put(setting(path), value, tag ?? undefined);
      return { value: saved.data.value, etag: saved.etag, isForNextStart: saved.data.restart_required };
    } catch (problem) {
      if (problem.status !== 412 && problem.status !== 409) throw problem;
      let now;
      try {
        now = await again();
      } catch (gone) {
        if (gone.status !== 404) throw gone;
        throw new Problem(404, "not_found", `${name} was deleted meanwhile. Save it under a new name with Duplicate, or discard your changes.`);
      }
      const chosen = await merge(`${name} was changed meanwhile`, from, value, now.data.value);
      if (!chosen) return null;
      [value, from, tag] = [chosen.value, now.data.value, now.etag];
    }
  }
}
