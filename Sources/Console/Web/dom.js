// Elements out of data. Strings become text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
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
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  menu: "M4 7h16M4 12h16M4 17h16",
};

export const icon = (name) =>
  s("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, s("path", { d: PATHS[name] }));

/** A word with a dot of its meaning's colour: good, warn, bad, calm. */
export const badge = (kind, text) => h("span", { class: `badge ${kind}` }, text);

export const empty = (title, ...next) => h("div", { class: "empty" }, h("h3", {}, title), next.map((line) => h("p", {}, line)));

/** What went wrong, with a way to try again. */
export const failure = (problem, again) =>
  h("div", { class: "failure", role: "alert" },
    h("p", {}, problem.message), problem.id ? h("p", { class: "faint" }, `Request ${problem.id}`) : null,
    again ? h("button", { class: "button", onclick: again }, "Try again") : null);

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

/** A modal dialog of its own title; resolves with what `close` was called with, null when it was dismissed. */
export function dialog(title, build) {
  return new Promise((resolve) => {
    const close = (value) => { box.close(); resolve(value ?? null); box.remove(); };
    const box = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title" });
    append(box, [
      h("header", {}, h("h2", { id: "dialog-title" }, title),
        h("button", { class: "plain", "aria-label": "Close", type: "button", onclick: () => close() }, icon("close"))),
      build(close),
    ]);
    box.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
    document.body.append(box);
    box.showModal();
  });
}

/** Asks before what cannot be taken back. */
export const confirm = (title, text, word) =>
  dialog(title, (close) => h("div", {}, h("p", {}, text), h("div", { class: "row end" },
    h("button", { class: "button", type: "button", autofocus: true, onclick: () => close(false) }, "Cancel"),
    h("button", { class: "button danger", type: "button", onclick: () => close(true) }, word))));

let toasts;
export function toast(text, kind = "good") {
  toasts ??= document.body.appendChild(h("div", { class: "toasts", role: "status", "aria-live": "polite" }));
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
