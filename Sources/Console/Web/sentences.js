// A decision in sentences, with what else could have been.

import { duration, money, words } from "./format.js";

const list = (names) => (names.length < 2 ? names.join("") : names.slice(0, -1).join(", ") + " and " + names.at(-1));

/** Of a request with its decision and attempts, as `GET /api/v1/requests/{id}` has it. */
export function sentences(row) {
  const decision = row.decision;
  const said = [];
  const key = row.key ? `The key ${row.key}` : "A caller without a key";
  said.push(`${key} asked for ${row.model ? `the model ${row.model}` : "a model"} by ${words(row.api)}.`);
  if (!decision) {
    said.push(row.fault ? `It was not routed: ${words(row.fault)}.` : "How it was routed is not kept.");
    return said;
  }
  if (decision.policy) said.push(`The policy ${decision.policy} decided.`);
  for (const rule of decision.rules ?? []) {
    const seen = Object.entries(rule.observed ?? {}).map(([field, value]) => `${field} was ${value}`);
    said.push(`The rule ${rule.name} held${seen.length ? `, since ${list(seen)}` : ""}.`);
  }
  if (decision.reason) said.push(decision.reason.charAt(0).toUpperCase() + decision.reason.slice(1) + ".");
  const attempts = decision.attempts ?? [];
  attempts.forEach((attempt, at) => {
    const took = duration(attempt.ended_ms - attempt.started);
    if (attempt.outcome === "done") said.push(`${attempt.deployment} answered${attempt.status ? ` with ${attempt.status}` : ""} in ${took}.`);
    else {
      const next = attempts[at + 1];
      const why = attempt.fault ? words(attempt.fault) : words(attempt.outcome);
      const after = !next ? "." : next.deployment === attempt.deployment ? ", so it was asked again." : `, so ${next.deployment} was asked.`;
      said.push(`${attempt.deployment} ended after ${took} with ${why}${after}`);
    }
  });
  const counter = counterfactual(row, decision, attempts);
  if (counter) said.push(counter);
  for (const warning of decision.warnings ?? []) said.push(warning.charAt(0).toUpperCase() + warning.slice(1) + ".");
  return said;
}

/** What another choice would have come to. */
function counterfactual(row, decision, attempts) {
  const served = row.deployment;
  const others = (decision.candidates ?? []).filter((one) => one.eligible && one.deployment !== served).map((one) => one.deployment);
  const asked = new Set(attempts.map((attempt) => attempt.deployment));
  const untried = others.filter((name) => !asked.has(name));
  const parts = [];
  if (attempts.length > 1 && row.state === "done") parts.push(`Without a fallback this request would have failed.`);
  if (row.cost_usd !== null && row.baseline_usd !== null && row.baseline_usd > row.cost_usd) {
    parts.push(`At the baseline it would have cost ${money(row.baseline_usd)} instead of ${money(row.cost_usd)}.`);
  }
  if (untried.length) parts.push(`${list(untried.slice(0, 5))} could have served it as well.`);
  return parts.join(" ");
}
