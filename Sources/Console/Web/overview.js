// What goes on now, and what this hour, day and month came to.

import { h, replace, badge, empty, failure } from "./dom.js";
import { get, live, query } from "./api.js";
import { count, duration, money, moment, percent, quantile, rate, until, words } from "./format.js";
import { Line } from "./chart.js";
import { flow } from "./flow.js";

const SPAN = 10; // seconds that rates and times are taken over
const hourNow = () => { const at = new Date(); at.setMinutes(0, 0, 0); return at.toISOString(); };
const dayNow = () => new Date().toISOString().slice(0, 10);
const monthNow = () => new Date().toISOString().slice(0, 8) + "01";

class Figure {
  constructor(label, format, help) {
    this.value = h("span", { class: "value" }, "–");
    this.line = Line.of(label, format);
    this.format = format;
    this.element = h("section", { class: "card figure", "aria-label": label },
      h("h2", { title: help }, label), this.value, this.line);
  }

  show(value) {
    this.value.textContent = value === null ? "–" : this.format(value);
    this.line.push(value ?? 0);
  }
}

class Overview extends HTMLElement {
  #reports = [];
  #leave = null;
  #timer = 0;
  #asked = null;
  #figures = {
    rate: new Figure("Requests a second", rate),
    success: new Figure("Success", (value) => percent(value, 2), "Answers without a fault of ours or a provider's"),
    p50: new Figure("Half are done in", duration),
    p95: new Figure("95 % are done in", duration),
    first: new Figure("First token", duration, "Half have it by then"),
    flight: new Figure("In progress", count),
  };
  #flow = h("div", {});
  #money = h("div", { class: "cards" });
  #routing = h("div", { class: "cards" });
  #beside = { at: 0 };
  #told = "";
  #deployments = h("div", {});
  #events = h("div", {});

  connectedCallback() {
    const { rate: a, success, p50, p95, first, flight } = this.#figures;
    replace(this, h("h1", {}, "Overview"),
      h("div", { class: "cards" }, [a, success, p50, p95, first, flight].map((figure) => figure.element)),
      h("section", { class: "card" }, h("h2", {}, "Traffic of this hour"), this.#flow),
      this.#money, this.#routing,
      h("div", { class: "two" },
        h("section", { class: "card" }, h("h2", {}, "Deployments"), this.#deployments),
        h("section", { class: "card" }, h("h2", {}, "What moved traffic"), this.#events)));
    this.#leave = live.listen((report) => this.#take(report));
    this.#ask();
  }

  disconnectedCallback() {
    this.#leave?.();
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  // Figures of each second

  #take(report) {
    if (!report.requests) return;
    const before = this.#reports.at(-1);
    // The gateway has begun anew: sums are smaller than they were.
    if (before && Object.keys(before.requests).some((name) => report.requests[name] < before.requests[name])) this.#reports = [];
    this.#reports.push(report);
    if (this.#reports.length > SPAN + 1) this.#reports.shift();
    const old = this.#reports[0];
    const seconds = (report.at - old.at) / 1000;
    this.#figures.flight.show(report.in_flight);
    this.#showDeployments(report);
    if (seconds <= 0) return;
    const sums = Object.fromEntries(Object.entries(report.requests).map(([name, sum]) => [name, sum - old.requests[name]]));
    const all = sums.ok + sums.client_error + sums.server_error + sums.client_left;
    const since = (name) => report[name].map((sum, at) => sum - old[name][at]);
    this.#figures.rate.show(all / seconds);
    this.#figures.success.show(all ? 1 - sums.server_error / all : null);
    this.#figures.p50.show(quantile(since("duration"), 0.5));
    this.#figures.p95.show(quantile(since("duration"), 0.95));
    this.#figures.first.show(quantile(since("first_byte"), 0.5));
    this.isMoving = all > 0;
    document.body.dataset.live = String(report.requests.ok);
  }

  #showDeployments(report) {
    if (!report.deployments.length) {
      replace(this.#deployments, empty("No deployment yet", "Add a provider and a model under Models and providers."));
      return;
    }
    const kind = { closed: "good", half_open: "warn", open: "bad" };
    const state = { closed: "serves", half_open: "is tried", open: "rests" };
    const busy = [...report.deployments].sort((a, b) => b.answered + b.failed - (a.answered + a.failed)).slice(0, 12);
    replace(this.#deployments, h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Deployment", "State", "Now", "Answered", "Failed", "Cost"].map((name, at) =>
        h("th", { scope: "col", class: at > 1 ? "number" : null }, name)))),
      h("tbody", {}, busy.map((one) => h("tr", {},
        h("th", { scope: "row" }, one.name), h("td", {}, badge(kind[one.state] ?? "warn", state[one.state] ?? words(one.state))),
        [count(one.in_flight), count(one.answered), count(one.failed), money(one.cost_usd)].map((text) => h("td", { class: "number" }, text))))))));
    this.states = new Map(report.deployments.map((one) => [one.provider, kind[one.state] ?? "warn"]));
  }

  // What the ledger has summed up

  async #ask() {
    this.#asked = new AbortController();
    const more = { signal: this.#asked.signal };
    const hour = hourNow();
    try {
      const [first, second, today, month, events, budgets] = await Promise.all([
        get("usage" + query({ group_by: "key,model", from: hour }), more), get("usage" + query({ group_by: "model,provider", from: hour }), more),
        get("usage" + query({ from: dayNow() }), more), get("savings" + query({ from: monthNow() }), more),
        get("events?limit=12", more), get("budgets?limit=500", more),
      ]);
      this.#showFlow(first.data, second.data);
      this.#showMoney(today.data[0], month, second.data.filter((row) => row.provider !== null), budgets.data);
      this.#showEvents(events.data);
      await this.#askRouting(month, more);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      // A busy gateway is asked again soon: what was shown may stay that long.
      if (problem.status !== 503 || !this.#flow.firstChild) replace(this.#flow, failure(problem));
    }
    if (this.isConnected) this.#timer = setTimeout(() => this.#ask(), 5000);
  }

  /** What is set up, and what routing came to this month: once a minute. */
  async #askRouting(savings, more) {
    if (Date.now() - this.#beside.at < 60_000) return;
    const month = { from: monthNow(), limit: 1000 };
    const [keys, providers, models, policies, byPolicy, byDeployment, deployments] = await Promise.all([get("keys", more), get("providers", more),
      get("models", more), get("policies", more), get("usage" + query({ ...month, group_by: "policy" }), more),
      get("usage" + query({ ...month, group_by: "model,deployment" }), more), get("deployments", more)]);
    this.#beside.at = Date.now();
    const card = (label, value, note, screen, help) => h("section", { class: "card figure", "aria-label": label }, h("h2", { title: help }, label),
      h("span", { class: "value" }, value), h("p", { class: "faint" }, screen ? h("a", { href: "#/" + screen }, note) : note));
    const active = policies.data.filter((one) => one.enabled !== false);
    const routed = byPolicy.data.filter((one) => one.policy !== null).reduce((sum, one) => sum + one.requests, 0);
    const over = byDeployment.data.filter((one) => one.deployment !== null).reduce((sum, one) => sum + one.attempts - one.requests, 0);
    const faster = gained(savings.models, byDeployment.data, deployments.data);
    replace(this.#routing,
      card("Active policies", count(active.length), `of ${policies.data.length}`),
      card("Routed by policy", routed ? count(routed) : "–", routed ? "requests this month" : "not recorded yet"),
      card("Failovers", count(over), "attempts beyond the first, this month"),
      card("Latency won", faster === null ? "–" : `${faster < 0 ? "−" : ""}${duration(Math.abs(faster))}`, faster === null ? "not recorded yet"
        : "a request that was not served by the primary", null, "The primary's usual time now, less that of the deployment that served"),
      card("Set up", count(keys.data.length), `keys, ${providers.data.length} providers, ${models.data.length} models`, "keys"));
  }

  #showFlow(first, second) {
    if (!second.some((row) => row.requests)) {
      replace(this.#flow, empty("No request this hour yet", ["First add ", h("a", { href: "#/models" }, "a provider and a model"), ", then make ",
        h("a", { href: "#/keys" }, "a key"), ": its snippets send a request, and so does ", h("a", { href: "#/playground" }, "the playground"),
        "."]));
      return;
    }
    replace(this.#flow, flow(first, second, this.states ?? new Map(), this.isMoving));
  }

  #showMoney(today, month, rows, budgets) {
    const total = month.total;
    const saved = total.saved_percent === null ? "Nothing to compare with yet"
      : total.saved_percent >= 0 ? `${total.saved_percent} % less than the baseline` : `${-total.saved_percent} % more than the baseline`;
    const card = (label, value, note, help) => h("section", { class: "card figure", "aria-label": label },
      h("h2", { title: help }, label), h("span", { class: "value" }, value), h("p", { class: "faint" }, note));
    const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
    const more = sum("attempts") - sum("requests");
    const closest = budgets.filter((one) => one.used_percent !== null).sort((a, b) => b.used_percent - a.used_percent)[0];
    replace(this.#money,
      card("Spent today", money(today?.cost_usd ?? 0),
        `${count(today?.requests ?? 0)} requests, ${count((today?.input_tokens ?? 0) + (today?.output_tokens ?? 0))} tokens`),
      card("Spent this month", money(total.cost_usd), `${count(total.requests)} requests`),
      card("Saved this month", money(total.saved_usd), saved, `The baseline is ${month.baseline}.`),
      card("Fallbacks this hour", sum("requests") ? percent(more / sum("requests")) : "–", `${count(Math.max(0, more))} attempts beyond the first`),
      closest ? card("Closest to its limit", closest.used_percent + " %", `${words(closest.scope)} ${closest.name}, by ${words(closest.period)}` +
        (closest.resets ? `, anew ${until(closest.resets)}` : "")) : null);
  }

  #showEvents(events) {
    // Drawn anew only where something happened: whoever is at a link by keyboard stays there.
    const told = JSON.stringify(events);
    if (told === this.#told) return;
    this.#told = told;
    if (!events.length) {
      replace(this.#events, empty("Nothing moved yet", "Failovers, breakers and rules show here when they act."));
      return;
    }
    replace(this.#events, h("ol", { class: "events" }, events.map((event) => {
      const { from, to, route, fault, rule } = event.detail;
      const text = [words(event.kind), route ? `on ${route}` : "", from && to ? `from ${from} to ${to}` : from ?? to ?? "", rule ? `by rule ${rule}`
        : "",
        fault ? `(${words(fault)})` : ""].filter(Boolean).join(" ");
      return h("li", {}, h("time", { datetime: event.at }, moment(event.at)),
        event.request ? h("a", { href: "#/requests/" + event.request }, text) : h("span", {}, text));
    })));
  }
}

/** Milliseconds that requests won, on average, by going elsewhere than to their model's primary deployment; null where nobody knows. */
function gained(models, rows, deployments) {
  const usual = new Map(deployments.map((one) => [one.name, one.latency_p50_ms]));
  const primary = new Map(models.map((one) => [one.model, one.baseline?.deployment]));
  let [requests, won] = [0, 0];
  for (const row of rows) {
    const [there, here] = [usual.get(primary.get(row.model)), usual.get(row.deployment)];
    if (primary.get(row.model) === row.deployment || typeof there !== "number" || typeof here !== "number") continue;
    requests += row.requests;
    won += row.requests * (there - here);
  }
  return requests ? won / requests : null;
}

customElements.define("swiftlet-overview", Overview);
