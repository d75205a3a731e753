// A canary: another policy that serves a part of the sessions, both side by side.

import { h, s, badge, confirm, failure, field, replace, toast, submits } from "./dom.js";
import { get, post, remove } from "./api.js";
import { count, duration, moment, money, percent, words } from "./format.js";
import { form as formOf, kindOf } from "./form.js";

const VERDICTS = { undecided: ["calm", "too early to tell"], worse: ["bad", "worse"], passed: ["good", "not worse"] };
const MEASURES = [["success", "Answered", percent], ["latency_ms", "Time", duration], ["cost_usd", "Cost of a request", money],
  ["feedback", "Feedback", (value) => value.toFixed(2)]];

export function canaryPanel(edit) {
  const box = h("div", { "aria-live": "polite" });
  let timer = 0;
  // As long as somebody looks; not under the hands of who is at it.
  const look = () => {
    if (!box.isConnected) return;
    if (box.contains(document.activeElement)) timer = setTimeout(look, 5000);
    else load();
  };
  const load = async () => {
    try {
      const now = (await get("canaries")).data.find((one) => one.policy === edit.name);
      replace(box, now ? running(edit, now, load) : begin(edit, load));
      clearTimeout(timer);
      if (now) timer = setTimeout(look, 5000);
    } catch (problem) {
      replace(box, failure(problem, load));
    }
  };
  load();
  const beside = h("div", {});
  get("experiments").then((found) => replace(beside, found.shadows.filter((one) => one.policy === edit.name).map(shadow),
    found.splits.filter((one) => one.route === edit.name).map(split)), () => {}); // the canary stands for itself
  return h("div", {}, box, beside);
}

/** What a policy that decides beside this one would have done. */
function shadow(one) {
  const increase = one.cost_usd.increase;
  const part = (value) => (value ? `${percent(value.estimate)} (${percent(value.low)} to ${percent(value.high)})` : "nothing yet");
  return h("section", { class: "card", id: "shadow" }, h("h2", {}, `${one.shadow} decides beside it`),
    h("p", { class: "faint" }, "Nothing of what it decides is carried out."),
    h("dl", { class: "facts" }, [["Requests", count(one.requests)], ["Would go elsewhere", part(one.different_share)], ["Would be refused",
      part(one.refused_share)], ["Cost", increase ? `${money(one.cost_usd.was)} would be ${money(one.cost_usd.would_be)}` : "nothing yet"]]
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

/** The sides of a percentage node on this route. */
function split(one) {
  const kinds = ["calm-line", "brand-line"];
  return h("section", { class: "card" }, h("h2", {}, "The sides of its percentage split"),
    h("p", { class: "faint" }, "Points are what was seen, lines where the truth is with 95 % confidence."),
    h("div", { class: "arms" }, MEASURES.filter(([name]) => one.arms.some((arm) => arm[name])).map(([name, title, said]) => measure(title, said,
      one.arms.map((arm, at) => [`${percent(arm.share, 0)}, ${count(arm.requests)} requests`, arm.arm, arm[name], kinds[at % 2]])))));
}

function running(edit, canary, load) {
  const isStopped = canary.state === "stopped";
  const verdict = isStopped ? ["bad", "taken back"] : VERDICTS[canary.verdict] ?? ["calm", words(canary.verdict)];
  const act = (name, ask, run, done) => h("button", { class: `button ${name === "Promote" ? "primary" : "danger"}`, type: "button",
    onclick: async () => {
    if (!await confirm(...ask)) return;
    try {
      await run();
      toast(done);
      edit.isLeaving = true;
      await edit.again("canary");
    } catch (problem) {
      toast(problem.message, "bad");
      load();
    }
  } }, name);
  const path = `canaries/${encodeURIComponent(edit.name)}`;
  const acts = edit.mayChange ? h("div", { class: "row end" },
    act("Stop", ["Stop the canary?", `${edit.name} serves all its sessions again. The policy ${canary.candidate} stays as it is.`, "Stop it"],
      () => remove(path), "The canary has ended."),
    act("Promote", [`Make ${canary.candidate} the policy ${edit.name}?`,
      "All its sessions are served by what was tried from now on. What it was stays in the history.", "Promote it"],
      () => post(path + "/promote"), `${edit.name} is what was tried now.`)) : null;
  return h("section", { class: "card", id: "canary" }, h("div", { class: "head" }, h("h2", {},
    `${canary.candidate} serves ${percent(canary.share)} of the sessions`), badge(...verdict)),
    h("p", {}, isStopped ? `It was taken back: ${canary.stopped}.` : canary.worse_in ? `It is worse in ${words(canary.worse_in)}.`
      : canary.started ? `It has been tried since ${moment(canary.started)}.` : "It is written in the settings file."),
    h("p", { class: "faint" },
      "Points are what was seen, lines where the truth is with 95 % confidence. Where the lines overlap, nothing is shown yet."),
    h("div", { class: "arms" }, MEASURES.filter(([name]) => canary.stable[name] || canary.canary[name]).map(([name, title, said]) =>
      measure(title, said, [["now", edit.name, canary.stable[name], "calm-line"], ["tried", canary.candidate, canary.canary[name], "brand-line"]]))),
    h("p", {}, `${count(canary.stable.requests)} requests went by ${edit.name}, of which ${count(canary.stable.errors)} failed; `
      + `${count(canary.canary.requests)} by ${canary.candidate}, of which ${count(canary.canary.errors)} failed.`), acts);
}

/** Two intervals on one axis. */
function measure(title, said, arms) {
  const known = arms.filter(([, , value]) => value);
  const low = Math.min(...known.map(([, , value]) => value.low));
  const high = Math.max(...known.map(([, , value]) => value.high));
  const width = high - low || Math.abs(high) || 1;
  const x = (value) => `${(2 + (96 * (value - low)) / width).toFixed(2)}%`;
  return h("section", { "aria-label": title }, h("h3", {}, title), arms.map(([role, name, value, kind]) => h("div", {},
    h("p", { class: "faint" }, `${name} (${role}): `, h("strong", {}, value ? said(value.estimate) : "nothing yet"),
      value ? ` (${said(value.low)} to ${said(value.high)})` : ""),
    value ? s("svg", { class: `interval ${kind}`, "aria-hidden": "true" },
      s("line", { class: "axis", x1: 0, x2: "100%", y1: 12, y2: 12 }), s("line", { class: "span", x1: x(value.low), x2: x(value.high), y1: 12,
        y2: 12 }),
      s("circle", { class: "point", cx: x(value.estimate), cy: 12, r: 4.5 })) : null)));
}

function begin(edit, load) {
  if (!edit.mayChange) return h("section", { class: "card" }, h("p", {}, "No canary is running."));
  const others = edit.known.policies.filter((one) => one !== edit.name);
  const candidate = field("What is tried", h("select", { id: "canary-candidate" }, edit.isChanged ? h("option", { value: "" },
    "my unsaved changes") : null,
    others.map((one) => h("option", { value: one }, one))), "Another policy, a draft among them; or what you have changed here and not saved");
  const schema = kindOf(edit.schema.properties.canary).schema;
  const values = formOf(schema, { share: "10%" }, { only: ["share", "minimum", "rollback", "max_error_increase", "max_latency_increase",
    "max_cost_increase", "max_feedback_loss"],
    skip: ["name", "policy", "started", "stopped"] });
  const said = h("p", { class: "note wrong", role: "alert" });
  const button = h("button", { class: "button primary", type: "submit", disabled: !edit.isChanged && !others.length }, "Start the canary");
  const form = h("form", { class: "card", novalidate: true }, h("h2", {}, "No canary is running"),
    h("p", { class: "faint" },
      "Another policy serves a part of the sessions, always the same ones, and is taken back by itself once it is shown to be worse."),
    edit.isChanged || others.length ? null : h("p", {}, "Change this policy, or make another one first: then there is something to try."),
      candidate, values, said,
    h("div", { class: "row end" }, button));
  submits(form, async () => {
    button.disabled = true;
    const { canary, expires, ...own } = edit.value ?? {};
    try {
      await post("canaries", { policy: edit.name, candidate: candidate.control.value || own, ...(values.value ?? {}) });
      toast("The canary has begun.");
      if (candidate.control.value) return load();
      // What was changed lives on as the policy that is tried.
      edit.isLeaving = true;
      await edit.again("canary");
    } catch (problem) {
      const left = values.complain(problem.fields ?? [], `policies.${edit.name}.canary`);
      said.textContent = problem.fields?.length ? left.map((one) => `${one.path}: ${one.message}`).join(" ") : problem.message;
      button.disabled = false;
    }
  });
  return form;
}
