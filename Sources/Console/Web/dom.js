// Elements out of data. Strings become text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** What is asked for again while it is still done is done once. */
const once = (act) => async (event) => {
  const it = event.currentTarget;
  if (it.ariaBusy) return;
  it.ariaBusy = "true";
  try {
    await act(event);
  } finally {
    it.ariaBusy = null;
  }
};

export function submits(form, act) {
  const send = once(act);
  form.addEventListener("submit", (event) => { event.preventDefault(); send(event); });
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), name === "onclick" ? once(value) : value);
    else if (name === "class") element.setAttribute("class", value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const PATHS = {
  overview: "M4 13h6V4H4zm10 7h6V4h-6zM4 20h6v-4H4z",
  requests: "M4 6h16M4 12h16M4 18h10",
  keys: "M14 10a4 4 0 1 0-3.5 4L12 15.5h2v2h2v2h4v-3.5l-6.200-6.200",
  models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  routes: "M6 4v9a4 4 0 0 0 4 4h8M6 8h12M15 5l3 3-3 3M15 14l3 3-3 3",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  into: "M5 5v7h13M14 8l4 4-4 4",
  out: "M19 12H6M10 8l-4 4 4 4",
  plus: "M12 5v14M5 12h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  sliders: "M4 8h9M19 8h1M16 5v6M4 16h1M11 16h9M8 13v6",
  events: "M4 12h3l3-7 4 14 3-7h3",
  usage: "M5 20V10M12 20V4M19 20v-7",
  insights: "M9 18h6M10 21h4M12 3a6 6 0 0 0-3.500 10.900V15h7v-1.100A6 6 0 0 0 12 3z",
  breaches: "M12 3l9 16H3zM12 10v4M12 16.500v.1",
  firewall: "M4 5h16v14H4zM4 10h16M4 14.500h16M9 5v5M15 10v4.500M9 14.500V19",
  guardrails: "M12 3l8 3v6c0 5-3.500 7.500-8 9-4.500-1.500-8-4-8-9V6zM9 12l2 2 4-4",
  projects: "M4 7h6l2 2h8v10H4z",
  audit: "M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3",
  settings: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4M4 12h14",
  all: "M4 5h4v4H4zM12 7h8M4 15h4v4H4zM12 17h8",
  playground: "M4 5h16v11H10l-4 4v-4H4zM8 9h8M8 12h5",
  tokens: "M6 3h12v18H6zM9 7h6M9 11h1M14 11h1M9 14h1M14 14h1M9 17h1M14 17h1",
  simulator: "M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3M7.500 15h9",
  learning: "M2 9l10-5 10 5-10 5zM6 11.500v5c3.500 3 8.500 3 12 0v-5M22 9v6",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  menu: "M4 7h16M4 12h16M4 17h16",
  undo: "M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
  redo: "M16 5l4 4-4 4M20 9H10a5 5 0 0 0 0 10h4",
};

export const icon = (name) =>
  s("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, s("path", { d: PATHS[name] }));

/** A button of a picture alone, with its name for those who do not see it. */
export const pictureButton = (name, label, act, more = {}) =>
  h("button", { class: "plain", type: "button", "aria-label": label, title: label, onclick: act, ...more }, icon(name));

/** A word with a dot of its meaning's colour: good, warn, bad, calm. */
export const badge = (kind, text) => h("span", { class: `badge ${kind}` }, text);

export const empty = (title, ...next) => h("div", { class: "empty" }, h("p", {}, h("strong", {}, title)), next.map((line) => h("p", {}, line)));

/** What went wrong, with a way to try again; where nobody answered, it tries by itself as long as it is looked at. */
export function failure(problem, again) {
  const whole = h("div", { class: "failure", role: "alert" },
    h("p", {}, problem.message), problem.id ? h("p", { class: "faint" }, `Request ${problem.id}`) : null,
    again ? h("button", { class: "button", onclick: again }, "Try again") : null);
  if (problem.status === 0 && again) setTimeout(() => { if (whole.isConnected) again(); }, 3000);
  return whole;
}

export function field(label, control, help, id = control.id || "field-" + Math.random().toString(36).slice(2)) {
  control.id = id;
  const note = h("p", { class: "note", id: id + "-note" }, help ?? "");
  control.setAttribute("aria-describedby", id + "-note");
  const whole = h("div", { class: "field" }, h("label", { for: id }, label), control, note);
  whole.control = control;
  whole.complain = (text) => {
    note.textContent = text || help || "";
    whole.classList.toggle("wrong", Boolean(text));
    control.setAttribute("aria-invalid", text ? "true" : "false");
  };
  return whole;
}

let dialogs = 0;
/** A modal dialog of its own title; resolves with what `close` was called with, null when it was dismissed, which one that `isKept` cannot be. */
export function dialog(title, build, isKept) {
  return new Promise((resolve) => {
    const close = (value) => { box.close(); raise(); resolve(value ?? null); box.remove(); };
    const id = "dialog-title-" + (dialogs += 1);
    const box = h("dialog", { class: "dialog", "aria-labelledby": id, closedby: isKept ? "none" : null });
    append(box, [
      h("header", {}, h("h2", { id }, title),
        isKept ? null : h("button", { class: "plain", "aria-label": "Close", type: "button", onclick: () => close() }, icon("close"))),
      build(close),
    ]);
    box.addEventListener("cancel", (event) => { event.preventDefault(); if (!isKept) close(); });
    document.body.append(box);
    box.showModal();
    raise();
  });
}

/** Asks before what cannot be taken back. */
export const confirm = (title, text, word, no = "Cancel") =>
  dialog(title, (close) => h("div", {}, text instanceof Node ? text : h("p", {}, text), h("div", { class: "row end" },
    h("button", { class: "button", type: "button", autofocus: true, onclick: () => close(false) }, no),
    h("button", { class: "button danger", type: "button", onclick: () => close(true) }, word))));

const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
/** Above all else is only what stands in the dialog that is open. */
function raise() {
  const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (toasts.parentElement !== top) top.append(toasts);
}

export function toast(text, kind = "good") {
  raise();
  const one = h("div", { class: `toast ${kind}` }, text);
  toasts.append(one);
  setTimeout(() => one.remove(), 6000);
}

export function copyButton(text, label = "Copy") {
  const button = h("button", { class: "button small", type: "button" }, icon("copy"), h("span", {}, label));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.lastChild.textContent = "Copied";
    } catch {
      button.lastChild.textContent = "Select and copy it by hand";
    }
    setTimeout(() => { button.lastChild.textContent = label; }, 2000);
  });
  return button;
}

/** Tabs by arrow keys, as the pattern of ARIA has them. `tabs`: [name, title, build]. */
export function tabs(label, list, chosen = list[0][0]) {
  const panel = h("div", { role: "tabpanel", tabindex: "0", class: "panel" });
  const bar = h("div", { role: "tablist", "aria-label": label, class: "tabs" });
  const show = (name, focus) => {
    for (const tab of bar.children) {
      const is = tab.dataset.name === name;
      tab.setAttribute("aria-selected", is);
      tab.tabIndex = is ? 0 : -1;
      if (is && focus) tab.focus();
    }
    replace(panel, list.find((tab) => tab[0] === name)[2]());
  };
  for (const [name, title] of list) {
    bar.append(h("button", { role: "tab", type: "button", "data-name": name, onclick: () => show(name) }, title));
  }
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = list.findIndex((tab) => tab[0] === event.target.dataset.name);
    show(list[(at + step + list.length) % list.length][0], true);
    event.preventDefault();
  });
  show(chosen);
  return h("div", {}, bar, panel);
}
