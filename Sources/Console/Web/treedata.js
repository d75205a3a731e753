// Route trees: from the form in which settings have them to the one in which they are edited, and back. What nobody has changed is
// written as it was.

export const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const clone = (value) => (value === undefined ? undefined : structuredClone(value));
const WEIGHED = ["auto", "intelligent"];
const SHARED = ["percentage", "shuffle"];

let count = 0;
const made = (node) => Object.assign(node, { id: "node-" + ++count });

/** Names and aliases to strategies, of the gateway's vocabulary. */
export function strategies(vocabulary) {
  const byName = new Map();
  for (const one of vocabulary.strategies) for (const name of [one.name, ...one.aliases]) byName.set(name, one);
  return byName;
}

export const target = (name) => made({ kind: "target", name, more: {} });
export const choice = (strategy, children = []) => made({ kind: "choice", strategy, key: strategy, options: {}, more: {}, children });
export const refusal = () => made({ kind: "refusal", more: {}, branch: { when: {}, deny: "" } });

/** @param known What `strategies` gave. */
export function read(value, known) {
  const node = made(shape(value, known));
  node.source = clone(value);
  node.stamp = JSON.stringify(plain(node));
  return node;
}

function shape(value, known) {
  if (typeof value === "string") return { kind: "target", name: value, more: {} };
  if (!isMap(value)) return { kind: "raw", value: clone(value), more: {} };
  if (value.provider !== undefined) {
    const { provider, model, ...more } = value;
    return { kind: "target", name: `${provider}/${model ?? ""}`, provider, isLeaf: true, more: clone(more) };
  }
  // Other routers' shapes are served as they are, and edited as text.
  if ("type" in value || "strategy" in value || "targets" in value) return { kind: "raw", value: clone(value), more: {} };
  const key = Object.keys(value).find((name) => known.has(name));
  if (key) return inner(key, value, known);
  if (value.model !== undefined) {
    const { model, ...more } = value;
    return { kind: "target", name: String(model), more: clone(more) };
  }
  return { kind: "raw", value: clone(value), more: {} };
}

function inner(key, value, known) {
  const { [key]: held, weight, on, ...options } = clone(value);
  const node = { kind: "choice", strategy: known.get(key).name, key, options, more: {}, children: [] };
  if (weight !== undefined) node.more.weight = weight;
  if (on !== undefined) node.more.on = on;
  if (node.strategy === "conditional") {
    for (const { route, ...branch } of held?.branches ?? []) {
      node.children.push(Object.assign(route === undefined ? made({ kind: "refusal", more: {} }) : read(route, known), { branch }));
    }
    if (held?.default !== undefined) node.children.push(Object.assign(read(held.default, known), { isDefault: true }));
    return node;
  }
  let list = held;
  if (WEIGHED.includes(node.strategy) && isMap(held)) {
    const { models, ...more } = held;
    Object.assign(node.options, more);
    list = models;
  }
  if (node.strategy === "percentage" && isMap(list)) list = Object.entries(list).map(([name, share]) => ({ [name]: share }));
  for (const item of Array.isArray(list) ? list : list === undefined || list === null ? [] : [list]) {
    const names = isMap(item) ? Object.keys(item) : [];
    const isShare = node.strategy === "percentage" && names.length === 1 && !Number.isNaN(Number(item[names[0]])) && !isMap(item[names[0]])
      && !Array.isArray(item[names[0]]);
    node.children.push(isShare ? Object.assign(target(names[0]), { more: { weight: Number(item[names[0]]) } }) : read(item, known));
  }
  return node;
}

/** As settings have it; undefined for nothing. */
export function write(node) {
  if (!node) return undefined;
  const value = plain(node);
  return node.stamp !== undefined && JSON.stringify(value) === node.stamp ? clone(node.source) : value;
}

function plain(node) {
  const more = Object.fromEntries(Object.entries(node.more ?? {}).filter(([, value]) => value !== undefined));
  switch (node.kind) {
    case "raw": return clone(node.value);
    case "target": {
      if (node.isLeaf && node.name.includes("/")) return { provider: provider(node), model: node.name.slice(provider(node).length + 1), ...more };
      return Object.keys(more).length ? { model: node.name, ...more } : node.name;
    }
    case "refusal": return undefined;
    default: return { ...held(node), ...more };
  }
}

const provider = (node) => (node.provider !== undefined && node.name.startsWith(node.provider + "/") ? node.provider : node.name.split("/")[0]);

function held(node) {
  const { key, strategy, children, options } = node;
  if (strategy === "conditional") {
    const fallback = children.find((child) => child.isDefault);
    const branches = children.filter((child) => !child.isDefault).map((child) => {
      const { when, ...rest } = child.branch ?? {};
      const route = write(child);
      return { ...(rest.name === undefined ? {} : { name: rest.name }), when: when ?? {}, ...(route === undefined ? rest : { ...without(rest),
        route }) };
    });
    return { [key]: { branches, ...(fallback ? { default: write(fallback) } : {}) } };
  }
  const list = children.map((child) => {
    const isPlain = child.kind === "target" && !child.isLeaf && Object.keys(child.more).join() === "weight";
    return strategy === "percentage" && isPlain ? { [child.name]: child.more.weight } : write(child);
  });
  return WEIGHED.includes(strategy) ? { [key]: { ...options, models: list } } : { [key]: list, ...options };
}

function without({ deny, answer, ...rest }) { return rest; }

/** Whether children carry a share that this node looks at. */
export const hasShares = (node) => SHARED.includes(node?.strategy);

/** The part of one child of all, null where nobody can say. */
export function share(node, child) {
  if (node.strategy !== "percentage") return null;
  const weight = (one) => Number(one.more.weight ?? 1);
  const sum = node.children.reduce((all, one) => all + weight(one), 0);
  return sum > 0 ? weight(child) / sum : null;
}

// Places, as problems name them

/** Gives each node the place where it stands. */
export function place(node, path) {
  if (!node) return;
  node.path = path;
  const base = `${path}.${node.key}`;
  let at = 0;
  for (const child of node.children ?? []) {
    if (node.strategy === "conditional") {
      child.whenPath = child.isDefault ? null : `${base}.branches[${at}].when`;
      child.branchPath = child.isDefault ? null : `${base}.branches[${at}]`;
      place(child, child.isDefault ? `${base}.default` : `${base}.branches[${at}].route`);
    } else {
      place(child, WEIGHED.includes(node.strategy) ? `${base}.models[${at}]` : `${base}[${at}]`);
    }
    at += 1;
  }
}

export const isAt = (path, place) => path === place || path.startsWith(place + ".") || path.startsWith(place + "[");

// Looking and moving

export function* all(node, parent = null) {
  if (!node) return;
  yield [node, parent];
  for (const child of node.children ?? []) yield* all(child, node);
}

export function find(root, id) {
  for (const [node, parent] of all(root)) if (node.id === id) return { node, parent, at: parent ? parent.children.indexOf(node) : 0 };
  return null;
}

export const holds = (node, other) => [...all(node)].some(([one]) => one === other);

/** Makes a node fit under its parent: branches have conditions, others have none. */
function settle(node, parent) {
  if (parent.strategy === "conditional") {
    if (!node.isDefault) node.branch ??= { when: {} };
    // What serves otherwise stands last.
    parent.children.sort((a, b) => Number(a.isDefault ?? false) - Number(b.isDefault ?? false));
  } else {
    delete node.branch;
    delete node.isDefault;
  }
  if (parent.strategy === "percentage") node.more.weight ??= 1;
  else if (!hasShares(parent)) delete node.more.weight;
}

export function insert(parent, node, at = parent.children.length) {
  if (parent.strategy === "conditional" && node.isDefault && parent.children.some((one) => one !== node && one.isDefault)) node.isDefault = false;
  parent.children.splice(at, 0, node);
  settle(node, parent);
}

export function remove(root, id) {
  const { parent, at } = find(root, id);
  if (!parent) return null;
  parent.children.splice(at, 1);
  return root;
}

/** False where it cannot. `step`: up, down, in, out. */
export function move(root, id, step) {
  const { node, parent, at } = find(root, id);
  if (!parent) return false;
  if (step === "up" || step === "down") {
    const to = at + (step === "up" ? -1 : 1);
    if (to < 0 || to >= parent.children.length || node.isDefault || parent.children[to].isDefault) return false;
    parent.children.splice(at, 1);
    parent.children.splice(to, 0, node);
    return true;
  }
  if (node.kind === "refusal") return false;
  if (step === "in") {
    const into = [parent.children[at - 1], parent.children[at + 1]].find((one) => one?.kind === "choice");
    if (!into) return false;
    const isAbove = parent.children.indexOf(into) < at;
    parent.children.splice(at, 1);
    insert(into, node, isAbove ? undefined : 0);
    return true;
  }
  const above = find(root, parent.id);
  if (!above.parent) return false;
  parent.children.splice(at, 1);
  insert(above.parent, node, above.at + 1);
  return true;
}

/** Beside or into another node, by the mouse. */
export function drop(root, id, onto, where) {
  const { node, parent, at } = find(root, id);
  const goal = find(root, onto);
  if (!parent || !goal || holds(node, goal.node) || (node.kind === "refusal" && (where === "into" || goal.parent !== parent))) return false;
  if (where !== "into" && !goal.parent) return false;
  parent.children.splice(at, 1);
  if (where === "into") insert(goal.node, node);
  else insert(goal.parent, node, goal.parent.children.indexOf(goal.node) + (where === "after" ? 1 : 0));
  return true;
}

/** Puts a node into a strategy of its own. Returns the root. */
export function wrap(root, id, strategy) {
  const { node, parent, at } = find(root, id);
  const outer = choice(strategy, []);
  for (const name of ["branch", "isDefault"]) if (node[name] !== undefined) { outer[name] = node[name]; delete node[name]; }
  if (parent && hasShares(parent) && node.more.weight !== undefined) { outer.more.weight = node.more.weight; delete node.more.weight; }
  insert(outer, node);
  if (!parent) return outer;
  parent.children[at] = outer;
  return root;
}

export function change(node, strategy, known) {
  const was = node.strategy;
  const allowed = Object.keys(known.get(strategy).options.properties);
  Object.assign(node, { strategy, key: strategy });
  node.options = Object.fromEntries(Object.entries(node.options).filter(([name]) => allowed.includes(name)));
  if (was === "conditional") node.children = node.children.filter((one) => one.kind !== "refusal");
  node.children.forEach((child, at) => {
    if (strategy === "conditional" && was !== "conditional" && at === node.children.length - 1) child.isDefault = true;
    settle(child, node);
    if (strategy !== "percentage" && strategy !== "shuffle") delete child.more.weight;
  });
}

/** Names of targets in a value as settings have it. */
export function targets(value, known) {
  return [...all(value === undefined || value === null ? null : read(value, known))].map(([node]) => node).filter((node) => node.kind === "target")
    .map((node) => node.name);
}

/** A model that chooses among its deployments, as one with a route of its own. */
export function routeOfGroup(model) {
  const { strategy = "shuffle", deployments, window, buffer, mode, axis, sticky_by: sticky, ...rest } = model;
  const options = Object.fromEntries(Object.entries({ window, buffer, mode, axis, sticky_by: sticky }).filter(([, one]) => one !== undefined));
  const route = WEIGHED.includes(strategy) ? { [strategy]: { ...options, models: [deployments].flat() } }
    : { [strategy]: [deployments].flat(), ...options };
  return { ...rest, route };
}
