// Who changed what and when; and the way back.

import { h, append, confirm, empty, failure, icon, replace, toast } from "./dom.js";
import { get, post, query } from "./api.js";
import { diff } from "./diff.js";
import { moment, words } from "./format.js";
import { isMap } from "./treedata.js";

const PAGE = 200;

/** The value at a path of an entry of the audit log: what it says of a part of it, or of the whole. */
function at(side, path) {
  if (!isMap(side)) return undefined;
  const full = path.join(".");
  if (full in side) return side[full] ?? undefined;
  const below = Object.entries(side).filter(([name]) => name.startsWith(full + "."));
  return below.length ? Object.fromEntries(below.map(([name, value]) => [name.slice(full.length + 1), value])) : undefined;
}

const touches = (entry, path) => {
  const full = path.join(".");
  return [entry.before, entry.after].some((side) => isMap(side) && Object.keys(side).some((name) => name === full || name.startsWith(full + ".")));
};

/** Changes of one policy or route, the newest first. */
export function historyPanel(edit) {
  const list = h("div", { id: "history" });
  let cursor = null;
  const more = h("button", { class: "button", type: "button", hidden: true, onclick: () => load() }, "Look further back");
  const load = async () => {
    more.disabled = true;
    try {
      let found = 0;
      for (let page = 0; page < 5 && found < 20; page += 1) {
        const audit = await get("audit" + query({ limit: PAGE, cursor: cursor ?? "" }));
        const own = audit.data.filter((one) => touches(one, edit.path));
        found += own.length;
        append(list, own.map((one) => entry(edit, one)));
        cursor = audit.next_cursor;
        if (!cursor) break;
      }
      more.hidden = !cursor;
      if (!list.children.length && !cursor) {
        replace(list, empty("It was never changed here", "It is as the settings file has it. What you save shows here, with the way back."));
      }
    } catch (problem) {
      append(list, [failure(problem, load)]);
    }
    more.disabled = false;
  };
  load();
  return h("section", { class: "card", "aria-label": "History" }, h("h2", {}, "Changes"), list, h("div", { class: "row center" }, more));
}

function entry(edit, one) {
  const [before, after] = [at(one.before, edit.path), at(one.after, edit.path)];
  const isWhole = (side) => isMap(side) && edit.path.join(".") in side;
  const box = h("details", { class: "entry" }, h("summary", {}, h("time", { datetime: one.at }, moment(one.at)), h("strong", {}, one.actor),
    h("span", {}, words(one.action))));
  box.addEventListener("toggle", () => {
    append(box, [h("div", {}, diff(before, after), edit.mayChange && isWhole(one.after) ? h("div", { class: "row end" },
      before === undefined ? null : h("button", { class: "button small", type: "button", onclick: () => restore(edit, before,
        "before this change") }, "As it was before"),
      after === undefined ? null : h("button", { class: "button small", type: "button", onclick: () => restore(edit, after,
        "after this change") }, "As it was then")) : null)]);
  }, { once: true });
  return box;
}

/** Into the editor, where it is looked at and saved like any change. */
function restore(edit, value, when) {
  edit.value = structuredClone(value);
  edit.show(edit.section === "rules" ? "rules" : "route");
  edit.recheck();
  toast(`It is as it was ${when}, not saved yet. Look at it, then review and save.`);
}

// All settings

export function wholeHistory(screen) {
  const list = h("div", {});
  const load = async () => {
    try {
      const { data, running } = await get("settings/versions?limit=100");
      const rows = [...data, { version: 0, at: null, actor: "the settings file alone" }];
      replace(list, h("p", { class: "faint" }, `Version ${running} is in force.`), rows.map((one, index) => version(screen, one, rows[index + 1],
        running, load)));
    } catch (problem) {
      replace(list, failure(problem, load));
    }
  };
  load();
  return h("div", {}, h("a", { class: "back", href: "#/routes" }, icon("out"), "All routes and policies"), h("h1", {}, "History of all settings"),
    h("p", { class: "faint" },
      "Every change through the console or the API is a version. Keys and admin tokens stay as they are when another one is made to hold."),
    h("section", { class: "card", "aria-label": "Versions", id: "versions" }, list));
}

function version(screen, one, former, running, load) {
  const box = h("details", { class: "entry", "data-version": one.version }, h("summary", {}, h("strong", {}, `Version ${one.version}`), one.at
    ? h("time", { datetime: one.at }, moment(one.at)) : null, h("span", {}, one.actor), one.version === running ? h("span", { class: "chip" },
      "in force") : null));
  box.addEventListener("toggle", async () => {
    const body = h("div", {}, h("p", { class: "faint" }, "Loading …"));
    append(box, [body]);
    try {
      const found = former ? await get(`settings/diff?from=${former.version}&to=${one.version}`) : { data: [] };
      const sides = (side) => Object.fromEntries(found.data.filter((change) => change[side] !== null).map((change) => [change.path, change[side]]));
      replace(body, former ? diff(sides("before"), sides("after"), `What version ${one.version} changed`) : h("p", { class: "faint" },
        "Nothing was changed here yet."),
        screen.place.who.role === "admin" && one.version !== running ? h("div", { class: "row end" },
          h("button", { class: "button danger", type: "button", onclick: () => back(one.version, load) }, "Roll back to this version")) : null);
    } catch (problem) {
      replace(body, failure(problem));
    }
  }, { once: true });
  return box;
}

async function back(number, load) {
  let changes = null;
  try {
    const found = await get(`settings/diff?to=${number}`);
    const now = await get("settings/diff");
    changes = [Object.fromEntries(now.data.map((one) => [one.path, one.after ?? "taken out"])),
      Object.fromEntries(found.data.map((one) => [one.path, one.after ?? "taken out"]))];
  } catch (problem) {
    return toast(problem.message, "bad");
  }
  if (!await confirm(`Roll back to version ${number}?`, h("div", {}, h("p", {},
    "All settings but keys and admin tokens are as they were then, at once. It is a new version, so it can be undone."),
    diff(...changes, "What rolling back changes")), "Roll back")) return;
  try {
    const done = await post("settings/rollback", { version: number });
    toast(`The settings are as in version ${number}, which is version ${done.version} now.`);
  } catch (problem) {
    toast(problem.fields?.map((one) => `${one.path}: ${one.message}`).join(" ") || problem.message, "bad");
  }
  load();
}
