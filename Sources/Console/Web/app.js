// The shell: who is signed in, where one is, what the gateway's connection is like.

import { h, icon, replace, failure, toast, dialog, submits } from "./dom.js";
import { live, session, whenEnded } from "./api.js";

const SCREENS = [
  { name: "overview", title: "Overview", element: "swiftlet-overview", file: "./overview.js", roles: ["admin", "operator", "auditor"] },
  { name: "requests", title: "Requests", element: "swiftlet-requests", file: "./requests.js", roles: ["admin", "operator", "auditor"] },
  { name: "events", title: "Events", element: "swiftlet-events", file: "./events.js", roles: ["admin", "operator", "auditor"] },
  { name: "usage", title: "Usage and cost", element: "swiftlet-usage", file: "./usage.js" },
  { name: "insights", title: "Insights", element: "swiftlet-insights", file: "./insights.js", roles: ["admin", "operator", "auditor"] },
  { name: "routes", title: "Routes and policies", element: "swiftlet-routes", file: "./routes.js", roles: ["admin", "operator", "auditor"] },
  { name: "keys", title: "Keys and budgets", element: "swiftlet-keys", file: "./keys.js" },
  { name: "projects", title: "Projects", element: "swiftlet-projects", file: "./projects.js", roles: ["admin", "operator", "auditor"] },
  { name: "models", title: "Models and providers", element: "swiftlet-models", file: "./models.js", roles: ["admin", "operator", "auditor"] },
  { name: "learning", title: "Learning", element: "swiftlet-learning", file: "./learning.js", roles: ["admin", "operator", "auditor"] },
  { name: "guardrails", title: "Guardrails", element: "swiftlet-guardrails", file: "./guardrails.js", roles: ["admin", "operator", "auditor"] },
  { name: "firewall", title: "Firewall", element: "swiftlet-firewall", file: "./firewall.js", roles: ["admin", "operator", "auditor"] },
  { name: "breaches", title: "Breaches", element: "swiftlet-breaches", file: "./breaches.js", roles: ["admin", "operator", "auditor"] },
  { name: "audit", title: "Audit log", element: "swiftlet-audit", file: "./audit.js", roles: ["admin", "operator", "auditor"] },
  { name: "settings", title: "Router settings", element: "swiftlet-settings", file: "./settings.js", roles: ["admin", "operator", "auditor"] },
  { name: "all", title: "All settings", element: "swiftlet-all", file: "./all.js", roles: ["admin", "operator", "auditor"] },
  { name: "playground", title: "Playground", element: "swiftlet-playground", file: "./playground.js", roles: ["admin", "operator"] },
  { name: "tokens", title: "Token calculator", element: "swiftlet-tokens", file: "./tokens.js", roles: ["admin", "operator", "auditor"] },
  { name: "simulator", title: "Simulator", element: "swiftlet-simulator", file: "./simulator.js", roles: ["admin", "operator", "auditor"] },
];

const stored = {
  get: (name) => { try { return localStorage.getItem("swiftlet." + name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem("swiftlet." + name, value); } catch { /* the browser keeps nothing */ } },
};

function paint(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** What the browser could not read as a number or a day would be sent as nothing: the field says what it takes, and the form stays. */
function unread(event) {
  const control = [...event.target.elements].find((one) => one.validity?.badInput);
  if (!control) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  control.closest(".field")?.complain?.(control.type === "date" ? "This must be a whole date." : "This must be a number such as 2.5.");
  control.focus();
}

class Console extends HTMLElement {
  #who = null;
  #main = h("main", { id: "main", tabindex: "-1" });
  #turn = 0;
  #renewal = null;
  #lock = null;
  #isTouched = false;
  #shown = "";

  connectedCallback() {
    paint(stored.get("theme"));
    addEventListener("hashchange", () => this.#go());
    document.addEventListener("input", () => { this.#isTouched = true; });
    document.addEventListener("submit", unread, true);
    whenEnded((method) => (this.#renewal ??= this.#renew(method).finally(() => { this.#renewal = null; })));
    this.#begin();
  }

  async #begin() {
    try {
      const who = await session.now();
      if (who.name === null) this.#login();
      else this.#enter(who);
    } catch (problem) {
      replace(this, h("main", { class: "lone" }, failure(problem, () => this.#begin())));
    }
  }

  // Signing in

  #login(note) {
    const form = this.#form(note, (who) => this.#enter(who));
    this.#clear();
    replace(this, h("main", { class: "lone" }, form));
    form.querySelector("input").focus();
  }

  /** Nothing of what was seen stays for who signs in next. */
  #clear() {
    replace(this.#main);
    for (const box of document.querySelectorAll("dialog")) box.remove();
  }

  /** The session has ended: the same person signs in again and goes on with what was begun; anybody else begins anew. */
  async #renew(method) {
    if (!this.#who) return false;
    const isSame = (who) => who.name === this.#who.name && who.role === this.#who.role;
    // Somebody may have signed in beside this page.
    let who = await session.now();
    if (!isSame(who)) {
      const { title } = document;
      const { hash } = location;
      const isKept = method !== "GET" || this.#isTouched || this.#main.firstElementChild?.editor?.isChanged || document.querySelector("dialog[open]");
      if (!isKept) replace(this.#main);
      live.stop();
      who = await this.#unlocked("Your session has ended. Sign in again to go on." + (isKept ? " What you have begun is kept." : ""));
      if (!isSame(who)) {
        this.#clear();
        this.#enter(who);
        await new Promise(() => {}); // what was asked was another's
      }
      document.title = title;
      document.body.dataset.ready = this.#shown;
      if (!isKept || hash !== location.hash) this.#go();
    }
    live.resume();
    return true;
  }

  /** Who has signed in, over what is there. */
  async #unlocked(note) {
    const who = await new Promise((resolve) => {
      const form = this.#form(note, resolve);
      this.#lock = h("dialog", { class: "lock", "aria-label": "Sign in again", closedby: "none" }, form);
      this.#lock.addEventListener("cancel", (event) => event.preventDefault());
      document.body.append(this.#lock);
      this.#lock.showModal();
      form.querySelector("input").focus();
    });
    this.#lock.close();
    this.#lock.remove();
    this.#lock = null;
    return who;
  }

  #form(note, done) {
    document.title = "Sign in · Swiftlet";
    const input = h("input", { type: "password", id: "token", name: "token", autocomplete: "current-password", required: true,
      "aria-describedby": "said" });
    const said = h("p", { id: "said", class: "note", role: "status" }, note ?? "");
    const button = h("button", { class: "button primary", type: "submit" }, "Sign in");
    const form = h("form", { class: "login" },
      h("img", { src: "/console/mark.svg", alt: "", width: 44, height: 44 }), h(this.#who ? "h2" : "h1", {}, "Swiftlet"),
      h("label", { for: "token" }, "Admin token"), input, said, button,
      h("p", { class: "faint" }, "It is the one in SWIFTLET_ADMIN_TOKEN, or one of admin.tokens in the settings."));
    submits(form, async () => {
      button.disabled = true;
      try {
        done(await session.begin(input.value.trim()));
      } catch (problem) {
        said.textContent = problem.message;
        said.classList.add("wrong");
        input.setAttribute("aria-invalid", "true");
        input.select();
        button.disabled = false;
      }
    });
    document.body.dataset.ready = "login";
    return form;
  }

  // Signed in

  #enter(who) {
    this.#who = who;
    const screens = SCREENS.filter((screen) => !screen.roles || screen.roles.includes(who.role));
    const state = h("span", { class: "link-state", role: "status" }, "");
    const tell = (now) => {
      state.textContent = { live: "Live", lost: "Connection lost, trying again", quiet: "" }[now];
      state.dataset.state = now;
    };
    live.addEventListener("state", (event) => tell(event.detail));
    tell(live.state);
    const nav = h("nav", { "aria-label": "Screens", id: "nav" }, screens.map((screen) =>
      h("a", { href: "#/" + screen.name, "data-name": screen.name }, icon(screen.name), h("span", {}, screen.title))));
    const menu = h("button", { class: "plain menu", type: "button", "aria-label": "Menu", "aria-expanded": "false", "aria-controls": "nav" },
      icon("menu"));
    menu.addEventListener("click", () => menu.setAttribute("aria-expanded", nav.classList.toggle("open")));
    // The open menu hides what has the focus in it when it closes.
    const shut = (next) => {
      if (!nav.classList.contains("open")) return;
      menu.click();
      next.focus();
    };
    nav.addEventListener("click", () => shut(this.#main));
    for (const one of [menu, nav]) one.addEventListener("keydown", (event) => { if (event.key === "Escape") shut(menu); });
    const skip = h("button", { class: "skip", type: "button", onclick: () => this.#main.focus() }, "Skip to the content");
    replace(this, skip,
      h("header", { class: "top" },
        menu, h("a", { class: "brand", href: "#/" + screens[0].name }, h("img", { src: "/console/mark.svg", alt: "", width: 26, height: 26 }),
          "Swiftlet"),
        state, h("span", { class: "space" }), this.#themeButton(),
        h("button", { class: "plain who", type: "button", onclick: () => this.#account() }, who.name, h("span", { class: "faint" }, who.role))),
      h("div", { class: "body" }, nav, this.#main));
    this.screens = screens;
    this.#go();
  }

  #themeButton() {
    const button = h("button", { class: "plain", type: "button" });
    const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark"
      : "light")) === "dark";
    const show = () => {
      replace(button, icon(isDark() ? "sun" : "moon"));
      button.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
    };
    button.addEventListener("click", () => {
      const theme = isDark() ? "light" : "dark";
      stored.set("theme", theme);
      paint(theme);
      show();
    });
    show();
    return button;
  }

  #account() {
    const who = this.#who;
    dialog("Signed in as " + who.name, (close) => {
      const leave = (everywhere) => async () => {
        try {
          await session.end(everywhere);
          close();
          this.#who = null;
          live.stop();
          this.#login("You have signed out.");
        } catch (problem) {
          toast(problem.message, "bad");
        }
      };
      return h("div", {},
        h("p", {}, `The role is ${who.role}. `, who.projects ? `Projects: ${who.projects.join(", ")}.` : ""),
        who.ends
          ? h("div", {}, h("p", { class: "faint" }, `This session ends at ${new Date(who.ends).toLocaleString()} at the latest.`),
            h("div", { class: "row end" },
              h("button", { class: "button", type: "button", onclick: leave(true) }, "Sign out everywhere"),
              h("button", { class: "button primary", type: "button", onclick: leave(false) }, "Sign out")))
          : h("p", {}, "No token is asked for on this machine. Set SWIFTLET_ADMIN_TOKEN, or admin.tokens in the settings, to have one asked for."));
    });
  }

  // Screens: #/name/what?filter=…

  async #go() {
    if (!this.#who || this.#lock) return;
    // What is unsaved is asked about by the screen itself, which goes on then.
    if (this.#main.firstElementChild?.stays?.()) return;
    const [path, search] = location.hash.replace(/^#\/?/, "").split("?");
    const [name, ...rest] = path.split("/");
    const screen = this.screens.find((one) => one.name === name) ?? this.screens[0];
    const turn = ++this.#turn;
    for (const link of this.querySelectorAll("nav a")) {
      if (link.dataset.name === screen.name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = screen.title + " · Swiftlet";
    const place = { what: rest.map(decodeURIComponent).join("/"), search: new URLSearchParams(search ?? ""), who: this.#who };
    try {
      await import(screen.file);
    } catch {
      if (turn !== this.#turn) return;
      return replace(this.#main, h("h1", {}, screen.title), failure({ message: "This part of the console did not load." }, () => location.reload()));
    }
    if (turn !== this.#turn) return;
    const shown = this.#main.firstElementChild;
    if (shown?.localName === screen.element && shown.move?.(place)) return;
    const element = document.createElement(screen.element);
    element.place = place;
    replace(this.#main, element);
    this.#isTouched = false;
    this.#shown = document.body.dataset.ready = screen.name;
  }
}

customElements.define("swiftlet-console", Console);
