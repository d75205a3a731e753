// What routes may name: models, routes, providers and their models; and what trees and conditions are made of.

import { get } from "./api.js";
import { words } from "./format.js";
import { strategies, targets } from "./treedata.js";

let vocabulary;

export async function places() {
  vocabulary ??= await get("vocabulary");
  const [settings, deployments] = await Promise.all([get("settings"), get("deployments").catch(() => ({ data: [] }))]);
  return new Places(vocabulary, settings.settings, deployments.data);
}

class Places {
  constructor(vocabulary, settings, deployments) {
    Object.assign(this, { vocabulary, settings });
    this.strategies = strategies(vocabulary);
    const known = new Map();
    const add = (name, what, more = {}) => { if (name && !known.has(name)) known.set(name, { name, what, ...more }); };
    for (const [name, model] of Object.entries(settings.models ?? {})) {
      const count = [model?.deployments ?? []].flat().length;
      const text = `model, ${model?.route ? "a route of its own" : `${count} deployment${count === 1 ? "" : "s"}`}`;
      add(name, text, { kind: "model" });
      for (const alias of [model?.aliases ?? []].flat()) add(alias, `another name of ${name}`, { kind: "alias" });
    }
    for (const [name] of members(settings.routes)) {
      add(name, "route", { kind: "route" });
      add("router/" + name, "route", { kind: "alias" });
    }
    for (const name of Object.keys(settings.routers ?? {})) add(name, "route", { kind: "route" });
    for (const name of Object.keys(settings.router?.model_group_alias ?? {})) add(name, "another name", { kind: "alias" });
    for (const one of deployments) add(one.name, `deployment, ${words(one.state)}`, { kind: "deployment", state: one.state });
    for (const model of Object.values(settings.models ?? {})) {
      for (const one of [model?.deployments ?? []].flat()) add(`${one.provider}/${one.model}`, "deployment", { kind: "deployment" });
    }
    this.known = known;
    this.offers = [...known.values()].filter((one) => one.kind !== "alias");
    this.providers = Object.keys(settings.providers ?? {});
    this.policies = Object.keys(settings.policies ?? {});
    this.keys = Object.keys(settings.keys ?? {});
    this.deployments = deployments.map((one) => one.name);
  }

  /** Nothing: there is no such thing. */
  find(name) {
    const known = this.known.get(name);
    if (known) return known;
    if (name === "auto" || name.startsWith("auto:")) return { name, what: "whatever serves" };
    const provider = this.providers.find((one) => name.startsWith(one + "/") && name.length > one.length + 1);
    return provider ? { name, what: `a model of ${provider}` } : undefined;
  }

  /** What a rule names and is not there. */
  lost(rule) {
    const then = rule?.then ?? rule?.use;
    if (typeof then !== "object" || then === null) return [];
    const { provider, model, policy, route } = then;
    if (provider !== undefined && !this.providers.includes(provider)) return [provider];
    if (policy !== undefined && !this.policies.includes(policy)) return [policy];
    if (model !== undefined && provider === undefined && !this.find(model)) return [model];
    return [...new Set(targets(route, this.strategies))].filter((name) => name && !this.find(name));
  }
}

/** Names and values of a section, which may be a map or a list of things with names. */
export const members = (section) => (Array.isArray(section) ? section.map((one) => [one.name, one]) : Object.entries(section ?? {}));
