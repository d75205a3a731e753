// Conditions between the form in which settings have them and the one in which they are edited, and in words.

import { isMap } from "./treedata.js";

const GROUPS = { all: "all", and: "all", any: "any", or: "any", not: "not" };
const ALIASES = {
  neq: "ne", "!=": "ne", "=": "eq", "==": "eq", equals: "eq", equal: "eq", not_equals: "ne", "<>": "ne", ">": "gt", ">=": "gte", "<": "lt",
  "<=": "lte", ge: "gte", le: "lte", nin: "not_in", any: "in", greater_than: "gt", greater_than_or_equal: "gte", less_than: "lt",
  less_than_or_equal: "lte", regex: "matches", prefix: "starts_with", suffix: "ends_with",
};
export const SAID = {
  eq: "is", ne: "is not", gt: "is more than", gte: "is at least", lt: "is less than", lte: "is at most", in: "is one of", not_in: "is none of",
  contains: "contains", starts_with: "starts with", ends_with: "ends with", matches: "matches the expression", exists: "is there",
};

const plainName = (name) => (name.startsWith("$") ? name.slice(1) : name);
const operator = (name) => (SAID[plainName(name)] ? plainName(name) : ALIASES[plainName(name)]);
const clone = (value) => (value === undefined ? undefined : structuredClone(value));

export const test = () => ({ kind: "test", field: "request.model", operator: "eq", value: "" });
export const group = (how = "all", items = []) => ({ kind: "group", how, items });

/** Always a group; what this editor does not know stands in it as it is. */
export function read(when) {
  const node = part(when);
  const whole = node.kind === "group" && node.how !== "not" ? node : group("all", [node]);
  whole.source = clone(when);
  whole.stamp = JSON.stringify(plain(whole, true));
  return whole;
}

function part(when) {
  if (!isMap(when)) return when === undefined || when === null ? group() : { kind: "raw", value: clone(when) };
  const subject = when.tag ?? when.field;
  const word = when.op ?? when.operator;
  if (typeof subject === "string" && typeof word === "string") {
    return one(when.tag === undefined ? subject : "tags." + subject, word, when.value, when.ignore_case);
  }
  const items = Object.entries(when).flatMap(([name, value]) => {
    const how = GROUPS[plainName(name)];
    if (how === "not") return [{ kind: "group", how, items: [part(value)] }];
    if (how) return [Array.isArray(value) ? group(how, value.map(part)) : { kind: "raw", value: { [name]: clone(value) } }];
    if (!isMap(value)) return [one(name, "eq", value)];
    const { ignore_case: ignores, ...tests } = value;
    return Object.entries(tests).map(([word, operand]) => one(name, word, operand, ignores));
  });
  return items.length === 1 ? items[0] : group("all", items);
}

function one(field, word, value, ignores) {
  if (plainName(word) === "not_exists") return { kind: "test", field, operator: "exists", value: value === false };
  const known = operator(word);
  if (!known) return { kind: "raw", value: { [field]: { [word]: clone(value), ...(ignores === undefined ? {} : { ignore_case: ignores }) } } };
  return { kind: "test", field, operator: known, value: known === "exists" ? value !== false : clone(value), ignores };
}

export function write(node) {
  const value = plain(node, true);
  return node.stamp !== undefined && JSON.stringify(value) === node.stamp ? clone(node.source) : value;
}

function plain(node, isTop = false) {
  if (node.kind === "raw") return clone(node.value);
  if (node.kind === "test") {
    return { [node.field]: { [node.operator]: node.value, ...(node.ignores ? { ignore_case: true } : {}) } };
  }
  const items = node.items.map((item) => plain(item));
  if (node.how === "not") return { not: items.length === 1 ? items[0] : { all: items } };
  if (isTop && !items.length) return {};
  return items.length === 1 ? items[0] : { [node.how]: items };
}

// In words

const quoted = (value) => (Array.isArray(value) ? value.map(quoted).join(" or ") : typeof value === "string" ? `“${value}”` : String(value));

function said(node) {
  if (node.kind === "raw") return JSON.stringify(node.value);
  if (node.kind === "test") {
    if (node.operator === "exists") return `${node.field} ${node.value ? "is there" : "is not there"}`;
    return `${node.field} ${SAID[node.operator]} ${quoted(node.value)}`;
  }
  const items = node.items.map((item) => (item.kind === "group" && item.how !== "not" && item.items.length > 1 ? `(${said(item)})` : said(item)));
  if (node.how === "not") return `not (${items.join(" and ")})`;
  return items.join(node.how === "any" ? " or " : " and ");
}

export function conditionText(when) {
  const text = said(read(when));
  return text || "always";
}
