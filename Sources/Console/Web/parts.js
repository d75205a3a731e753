// Pieces that several screens are made of: tables, choices in a row, times to look at, texts with places marked.

import { h, replace, append, confirm, toast } from "./dom.js";
import { patch, read, remove } from "./api.js";

/** `columns`: [name, class]; a name of nothing is a column of buttons. */
export const table = (columns, rows, caption) => h("div", { class: "scroll" }, h("table", {},
  caption ? h("caption", { class: "unseen" }, caption) : null,
  h("thead", {}, h("tr", {}, columns.map(([name, kind]) =>
    h("th", { scope: "col", class: kind }, name || h("span", { class: "unseen" }, "Acts"))))), h("tbody", {}, rows)));

export const row = (head, ...cells) => h("tr", {}, h("th", { scope: "row" }, head), cells.map((cell) =>
  (cell instanceof Element && cell.localName === "td" ? cell : h("td", {}, cell))));

export const number = (text, more = "") => h("td", { class: "number " + more }, text);

/** A few choices, one of them taken; arrow keys go through them as in any group of radio buttons. `list`: [value, text]. */
export function choices(label, list, chosen, take) {
  const name = "choice-" + label.replace(/\W+/g, "-").toLowerCase();
  const box = h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, label), list.map(([value, text]) => {
    const input = h("input", { type: "radio", name, value, id: `${name}-${value}`, checked: value === chosen, class: "unseen" });
    input.addEventListener("change", () => take(value));
    return [input, h("label", { for: `${name}-${value}` }, text)];
  }));
  return box;
}

/** More rows than anybody looks through without a field to search them. */
const FEW = 20;
const searched = new Map();

/** Adds what searches the rows of a table that has many. The text stays when the table is drawn anew. */
export function findable(label, whole) {
  const rows = [...whole.querySelectorAll("tbody tr")];
  if (rows.length <= FEW) return whole;
  const input = h("input", { type: "search", "aria-label": label, placeholder: label, maxlength: 200, value: searched.get(label) ?? "" });
  const said = h("p", { class: "note", role: "status" });
  const show = () => {
    const text = input.value.trim().toLowerCase();
    searched.set(label, input.value);
    for (const one of rows) one.hidden = !one.textContent.toLowerCase().includes(text);
    said.textContent = text ? `${rows.filter((one) => !one.hidden).length} of ${rows.length}` : "";
  };
  input.addEventListener("input", show);
  show();
  return h("div", {}, h("div", { class: "row finder" }, input, said), whole);
}

const DAY = 86_400_000;
const startOfDay = (at = new Date()) => Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate());
export const RANGES = [["today", "Today"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"], ["month", "This month"],
  ["before", "Last month"], ["all", "All"]];

/** A range's bounds in milliseconds; days are UTC, as the sums are. */
export function bounds(range, now = Date.now()) {
  const at = new Date(now);
  const month = (offset) => Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset, 1);
  const found = {
    today: [startOfDay(at), now], "24h": [now - DAY, now], "7d": [startOfDay(at) - 6 * DAY, now], "30d": [startOfDay(at) - 29 * DAY, now],
    month: [month(0), now], before: [month(-1), month(0)], all: [Date.UTC(2020, 0, 1), now],
  }[range];
  if (found) return found;
  const [from, to] = (range ?? "").split("_").map((text) => Date.parse(text + "T00:00:00Z"));
  return Number.isFinite(from) && Number.isFinite(to) && from <= to ? [from, to + DAY] : null;
}

/** Milliseconds as the API takes them. */
export const span = ([from, to]) => ({ from: Math.floor(from), to: Math.ceil(to) });

/** The address of this screen with some values changed; those that are nothing go. */
export function address(place, screen, changes) {
  const search = new URLSearchParams(place.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") search.delete(name);
    else search.set(name, value);
  }
  return `#/${screen}${search.size ? "?" + search : ""}`;
}

/** A text with the places that something was found at marked. Places are bytes of its UTF-8: [start, end, title, kind]. */
export function marked(text, places) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const out = h("p", { class: "marked", tabindex: "0" });
  let at = 0;
  for (const [start, end, title, kind] of [...places].sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
    if (end <= at || end > bytes.length) continue;
    const from = Math.max(start, at);
    append(out, [decoder.decode(bytes.slice(at, from)), h("mark", { class: kind, title }, decoder.decode(bytes.slice(from, end)))]);
    at = end;
  }
  append(out, [decoder.decode(bytes.slice(at))]);
  return out;
}

/** Rows that come page by page: `read(cursor)` answers {data, next_cursor}, `show(rows)` makes elements for `body`. */
export function pages(body, foot, read, show) {
  const add = (page) => {
    append(body, show(page.data));
    replace(foot);
    if (!page.next_cursor) return;
    const button = h("button", { class: "button", type: "button" }, "Show older ones");
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        add(await read(page.next_cursor));
      } catch (problem) {
        button.disabled = false;
        if (problem.name !== "AbortError") toast(problem.message, "bad");
      }
    });
    append(foot, [button]);
  };
  return add;
}

/** A name that something refers to; struck out where there is nothing of that name any more. */
export const reference = (name, isThere, href) => (!isThere
  ? h("span", { class: "dangling", title: "There is nothing of this name any more" }, name, h("span", { class: "faint" }, " (deleted)"))
  : href ? h("a", { href }, name) : name);

/** Takes something away, also where others name it, if that is meant. False: it stayed. */
export async function removed(path, name, etag) {
  try {
    await remove(path, etag);
  } catch (problem) {
    if (problem.status !== 422 || !problem.fields.length) throw problem;
    const places = h("ul", { class: "others" }, problem.fields.map((one) => h("li", {}, h("code", {}, one.path))));
    if (!await confirm(`Others name ${name}`, h("div", {}, h("p", {}, "They stay as they are, pass it over from now on, and show it as missing:"),
      places), "Delete it anyway")) return false;
    await remove(path + "?dangling=skip", etag);
  }
  return true;
}

/** Asks before something unsaved is left for where the address is now; that of its own screen is `hash`. True: it is asked. */
export function unsaved(hash, title, leave) {
  const goal = location.hash;
  history.replaceState(null, "", hash);
  confirm("Leave without saving?", `What you changed in ${title} is lost then.`, "Leave", "Stay")
    .then((isSure) => { if (isSure) { leave(); location.hash = goal; } });
  return true;
}

export const card = (label, value, note, help) => h("section", { class: "card figure", "aria-label": label },
  h("h2", { title: help }, label), h("span", { class: "value" }, value), h("p", { class: "faint" }, note ?? ""));

export const facts = (pairs) => h("dl", { class: "facts" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

/** What puts two people's changes together, read when it is needed. */
export const merging = () => import("./merge.js");

/**
 * Changes some members of what was read before. Where it was changed meanwhile, asks how to put both together first.
 * Null: it was left unsaved.
 */
export async function patchMerged(path, base, changes, etag, name) {
  const pick = (whole) => Object.fromEntries(Object.keys(changes).filter((key) => (whole[key] ?? null) !== null).map((key) => [key, whole[key]]));
  let [before, mine, tag] = [pick(base), changes, etag];
  for (;;) {
    try {
      return (await patch(path, mine, tag)) ?? {};
    } catch (problem) {
      if (problem.status !== 412) throw problem;
      const now = await read(path);
      const { merge } = await merging();
      const chosen = await merge(`${name} was changed meanwhile`, before, pick(mine), pick(now.data));
      if (!chosen) return null;
      mine = Object.fromEntries(Object.keys(changes).map((key) => [key, chosen.value[key] ?? null]));
      [before, tag] = [pick(now.data), now.etag];
    }
  }
}

/** Tells what is wrong at the fields of a dialog, by the last name of a path that is one of theirs; the rest in `said`. */
export function complained(problem, fields, said) {
  const left = [];
  for (const { path, message } of problem.fields) {
    const part = path.split(".").map((step) => step.replace(/\[.*/, "")).reverse().find((step) => fields[step]);
    if (part) fields[part].complain(message.charAt(0).toUpperCase() + message.slice(1));
    else left.push(message);
  }
  said.textContent = problem.fields.length ? left.join(" ") : problem.message;
  (document.querySelector("dialog .wrong :is(input, select, textarea)") ?? said).focus();
}
