// What a policy would do: with one request, and with those of the last day.

import { h, append, empty, failure, field, replace, submits } from "./dom.js";
import { post, remove } from "./api.js";
import { count, duration, money, percent, words } from "./format.js";

const signed = (share) => (share === null || !Number.isFinite(share) ? "–" : (share > 0 ? "+" : share < 0 ? "−" : "") + percent(Math.abs(share)));
// One request

export function testPanel(edit) {
  const { known, section, name } = edit;
  const key = field("Key", h("select", { id: "test-key" }, known.keys.map((one) => h("option", { value: one }, one))), "Whose request it is");
  const model = field("Model", h("input", { id: "test-model", autocomplete: "off", list: "test-models", value: section === "policies" ? ""
    : section === "routes" ? "router/" + name : name, placeholder: "none" }), section === "policies" ? "Empty: this policy's own route"
      : "As clients send it");
  const prompt = field("Prompt", h("textarea", { id: "test-prompt", rows: 3 }, "Hello!"), "It is sent nowhere");
  const tags = field("Tags", h("input", { id: "test-tags", autocomplete: "off", placeholder: "customer_tier=enterprise" }), "With commas between");
  const headers = field("Headers", h("textarea", { id: "test-headers", rows: 2, class: "mono", placeholder: "x-swiftlet-region: eu" }), "One a line");
  const body = field("Body", h("textarea", { id: "test-body", rows: 2, class: "mono", placeholder: '{ "max_tokens": 200 }' }),
    "More members, as JSON");
  const what = h("select", { id: "test-what" }, h("option", { value: "saved" }, "what is saved"),
    h("option", { value: "mine", selected: edit.isChanged, disabled: !edit.mayChange || section === "models" || section === "rules" }, "my changes"));
  const said = h("div", { "aria-live": "polite" });
  const button = h("button", { class: "button primary", type: "submit" }, "Explain");
  const form = h("form", { class: "card", novalidate: true }, h("p", { class: "faint" },
    "Says where a request would go and why, by the code that serves traffic. "
    + "Nothing is sent to a provider, and nothing is spent."), h("div", { class: "form" }, key, model, tags, field("Try", what,
    "My changes: kept as a draft for as long as it takes"), h("div", { class: "broad" }, prompt)),
  h("details", {}, h("summary", {}, "Headers and body"), h("div", { class: "form" }, headers, body)),
  h("datalist", { id: "test-models" }, known.offers.map((one) => h("option", { value: one.name }))),
  h("div", { class: "row end" }, button));
  submits(form, async () => {
    const asked = { messages: [{ role: "user", content: prompt.control.value }] };
    const lines = {};
    try {
      if (body.control.value.trim()) Object.assign(asked, JSON.parse(body.control.value));
      body.complain("");
    } catch (error) {
      body.complain(`This is no JSON: ${error.message}`);
      return body.control.focus();
    }
    for (const line of headers.control.value.split("\n")) {
      const [name, ...value] = line.split(":");
      if (value.length) lines[name.trim()] = value.join(":").trim();
    }
    const list = tags.control.value.split(",").map((one) => one.trim()).filter(Boolean);
    if (list.length) asked.tags = list;
    if (model.control.value.trim()) asked.model = model.control.value.trim();
    button.disabled = true;
    let draft = null;
    try {
      if (what.value === "mine") {
        draft = await tried(edit);
        asked.routing_policy_id = draft;
        if (section === "routes") delete asked.model;
      } else if (section === "policies" && name !== "default") {
        asked.routing_policy_id = name;
      }
      const report = await post("explain", { body: asked, headers: lines, ...(key.control.value ? { key: key.control.value } : {}) });
      replace(said, explained(edit, report, draft));
    } catch (problem) {
      replace(said, h("section", { class: "card" }, h("h2", {}, "It would be refused"), failure(problem)));
    } finally {
      if (draft) await remove("policies/draft/" + encodeURIComponent(draft)).catch(() => {}); // it ends by itself as well
      button.disabled = false;
    }
  });
  return h("div", {}, form, said);
}

/** What is edited, as a draft of a few minutes. */
async function tried(edit) {
  const { canary, shadow, virtual_key: key, expires, enabled, ...policy } = edit.section === "policies" ? edit.value : { route: edit.value,
    override_model: true };
  return (await post("policies/draft", { policy, expires_in: "5m" })).id;
}

function explained(edit, report, draft) {
  const fair = (text) => (text ?? "").replace(/route policy:[^;,]+/g, "its own route").replaceAll(draft ?? "\u0000", edit.title + ", as changed");
  const steps = [];
  const canary = !draft && edit.value?.canary?.policy === report.policy && edit.name !== report.policy;
  const source = canary ? `: it is the canary of ${edit.name}, and has this session`
    : report.policy_source ? `: it is the ${words(report.policy_source)}'s` : "";
  if (report.policy) steps.push(`The policy ${fair(report.policy)} decides${source}.`);
  for (const rule of report.rules ?? []) {
    const seen = Object.entries(rule.observed ?? {}).map(([name, value]) => `${name} is ${value}`);
    steps.push(`The rule ${rule.name} holds${seen.length ? ": " + seen.join(", ") : ""}.`);
  }
  if (!report.rules?.length) steps.push("No rule holds.");
  if (report.complexity) steps.push(`Its complexity is ${report.complexity.score ?? report.complexity}.`);
  const route = /^policy:/.test(report.route ?? "") ? "its own route" : `the route ${report.route}`;
  if (report.strategies?.length) steps.push(`From the root of ${route} down: ${report.strategies.map(words).join(", then ")}.`);
  for (const warning of report.warnings ?? []) steps.push(`It is warned: ${warning}.`);
  steps.push(report.chosen ? `${report.chosen} is asked first.` : "Nobody may serve it.");
  const reason = fair(report.reason);
  return h("section", { class: "card", id: "explained" }, h("h2", {}, report.chosen ? `It would go to ${report.chosen}` : "Nobody would serve it"),
    h("p", {}, reason.charAt(0).toUpperCase() + reason.slice(1) + "."), h("ol", { class: "steps" }, steps.map((one) => h("li", {}, one))),
    report.candidates?.length ? h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["Deployment", "May serve", "Why not",
      "Score"].map((one) =>
      h("th", { scope: "col" }, one)))), h("tbody", {}, report.candidates.map((one) => h("tr", {}, h("th", { scope: "row" }, one.deployment,
      one.deployment === report.chosen ? h("span", { class: "chip" }, "asked first") : null), h("td", {}, one.eligible ? "yes" : "no"),
    h("td", {}, one.eligible ? "" : one.detail ?? words(one.excluded_because)), h("td", {}, one.score === null || one.score === undefined
      ? "–" : Number(one.score).toPrecision(3))))))) : null);
}

// The last day

export function replayPanel(edit) {
  const input = (name, more) => h("input", { id: "replay-" + name, autocomplete: "off", ...more });
  const from = field("From", h("select", { id: "replay-from" }, [["1", "the last hour"], ["24", "the last day"], ["168",
    "the last week"]].map(([value, text]) =>
    h("option", { value, selected: value === "24" }, text))), "");
  const limit = field("At most", input("limit", { type: "number", min: 1, max: 20000, value: 5000 }), "The newest so many requests. 1 to 20000.");
  const key = field("Key", h("select", { id: "replay-key" }, h("option", { value: "" }, "all keys"), edit.known.keys.map((one) => h("option",
    { value: one }, one))), "");
  const model = field("Model", input("model", { placeholder: "all models", list: "replay-models" }), "");
  const button = h("button", { class: "button primary", type: "submit" }, "Replay");
  const said = h("div", { "aria-live": "polite" });
  const form = h("form", { class: "card", novalidate: true }, h("p", { class: "faint" },
    edit.isChanged ? "Logged requests go through the policy with your unsaved changes, "
    + "by the code that serves traffic. Nothing is sent and nothing is saved."
      : "Logged requests go through this policy as it is saved. Change it first to see what the change comes to."),
  h("div", { class: "form" }, from, limit, key, model), h("datalist", { id: "replay-models" }, edit.known.offers.map((one) => h("option",
    { value: one.name }))),
  h("div", { class: "row end" }, button));
  submits(form, async () => {
    button.disabled = true;
    const began = performance.now();
    const label = h("p", { class: "faint", role: "status" }, "Replaying …");
    const timer = setInterval(() => { label.firstChild.data = `Replaying … ${duration(performance.now() - began)}`; }, 500);
    replace(said, h("section", { class: "card" }, label, h("progress", { "aria-label": "Replaying" })));
    try {
      const { canary, expires, ...policy } = edit.value ?? {};
      const asked = { policy, name: edit.name, limit: Number(limit.control.value) || 5000,
        from: new Date(Date.now() - Number(from.control.value) * 3_600_000).toISOString().slice(0, 19) + "Z", differences: 20 };
      if (key.control.value) asked.key = key.control.value;
      if (model.control.value.trim()) asked.model = model.control.value.trim();
      replace(said, replayed(await post("replay", asked), performance.now() - began));
    } catch (problem) {
      replace(said, failure(problem));
      for (const one of problem.fields ?? []) append(said, [h("p", { class: "note wrong" }, `${one.path}: ${one.message}`)]);
    } finally {
      clearInterval(timer);
      button.disabled = false;
    }
  });
  return h("div", {}, form, said);
}

const figure = (title, value, note) => h("section", { class: "card figure", "aria-label": title }, h("h2", {}, title), h("p", { class: "value" },
  value),
  h("p", { class: "faint" }, note));

function replayed(report, took) {
  if (!report.requests) {
    return h("section", { class: "card" }, empty("No requests in that time", "Send some through the gateway, or look further back."));
  }
  const { cost_usd: cost, latency_ms: time } = report;
  const table = (names, rows) => h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, names.map(([name, kind]) => h("th",
    { scope: "col", class: kind },
    name)))), h("tbody", {}, rows)));
  return h("div", { id: "replayed" },
    h("p", { class: "faint", role: "status" }, `${count(report.requests)} requests in ${duration(took)}. Ranges hold with 95 % confidence.`),
    h("div", { class: "cards" },
      figure("Go elsewhere", percent(report.changed_share.estimate),
        `${count(report.changed)} requests; ${percent(report.changed_share.low)} to ${percent(report.changed_share.high)}`),
      figure("Cost", signed(cost?.increase?.estimate ?? null),
        cost ? `${money(cost.was)} becomes ${money(cost.would_be)}; ${range(cost.increase)}` : "nothing is known of it"),
      figure("Time", signed(time?.increase?.estimate ?? null),
        time?.p50?.was
          && time.p50.would_be ? `half in ${duration(time.p50.was.estimate)}, then ${duration(time.p50.would_be.estimate)}; ${range(time.increase)}`
        : "nothing is known of it"),
      figure("Refused", percent(report.refused_share.estimate), `${count(report.refused)} requests; at most ${percent(report.refused_share.high)}`),
      figure("Fail", percent(report.failed_share.estimate), `${count(report.failed)} requests; at most ${percent(report.failed_share.high)}`)),
    h("section", { class: "card" }, h("h2", {}, "Who serves"), table([["Deployment"], ["Was", "number"], ["Would be", "number"], ["Cost was",
      "number wide"],
      ["Cost would be", "number wide"]], (report.deployments ?? []).map((one) => h("tr", {}, h("th", { scope: "row" }, one.deployment), h("td",
        { class: "number" }, count(one.was)),
      h("td", { class: "number" }, count(one.would_be)), h("td", { class: "number wide" }, money(one.cost_usd_was)), h("td",
        { class: "number wide" }, money(one.cost_usd_would_be)))))),
    report.differences?.length ? h("section", { class: "card" }, h("h2", {}, `Some that go elsewhere`), table([["Request"], ["Was"], ["Would be"],
      ["Why", "wide"]],
      report.differences.map((one) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: "#/requests/" + one.request }, one.request)), h("td",
        {}, one.was ?? "–"),
        h("td", {}, one.would_be ?? words(one.end)), h("td", { class: "wide" }, one.reason))))) : null,
    report.assumptions?.length ? h("section", { class: "card" }, h("h2", {}, "What is assumed"), h("ul", { class: "sentences" },
      report.assumptions.map((one) =>
      h("li", {}, `${count(one.requests)} requests ${one.text}.`)))) : null);
}

const range = (value) => (value ? `${signed(value.low)} to ${signed(value.high)}` : "too few to tell");
