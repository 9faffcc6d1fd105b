/**
 * May somebody do something with a resource? The rule of the whole, and the rules of the attributes that are said.
 * A refusal names all rules that were asked, spelled as operators' policy files spell them.
 */
import { forbidden } from "../resource/refusals.ts";
import { isObject } from "../resource/composites.ts";
import { chosen } from "../resource/resource.ts";
import type { Attribute, Resource } from "../resource/resource.ts";
import type { Refusal } from "../result.ts";
import { allows } from "./rule.ts";
import type { Rule, Target } from "./rule.ts";
import type { Who } from "./who.ts";

export type Verb = "create" | "update" | "delete" | "get";

interface Named {
  /** `rule:create_port:fixed_ips` */
  readonly text: string;
  readonly rule: Rule;
}

/** What is asked: by whom, of what, and for writes what they say. */
export interface Act {
  readonly verb: Verb;
  readonly who: Who;
  readonly target: Target;
  readonly says?: Readonly<Record<string, unknown>>;
}

/** Undefined: it may. */
export function mayNot(resource: Resource, { verb, who, target, says = {} }: Act): Refusal | undefined {
  const whole: Named = { text: `rule:${verb}_${resource.name}`, rule: resource.may[verb] ?? [] };
  const parts = Object.entries(says).map(([name, value]) => attributeRules(resource, verb, { name, value }));
  const asked = [whole, ...parts.flat()];
  if (asked.every(({ rule }) => allows(rule, who, target))) return undefined;
  return forbidden(conjunction([whole.text, ...parts.filter((rules) => rules.length > 0).map(expression)]));
}

interface Said {
  readonly name: string;
  readonly value: unknown;
}

/** The rule of an attribute, then those of its members; none where it says nothing beyond the default. */
function attributeRules(resource: Resource, verb: Verb, { name, value }: Said): readonly Named[] {
  const attribute = resource.attributes[name];
  const rule = verb === "delete" ? undefined : attribute?.guard?.[verb];
  if (attribute === undefined || rule === undefined || (verb === "create" && isDefault(attribute, value))) return [];
  const text = `rule:${verb}_${resource.name}:${name}`;
  const members = Object.entries(attribute.guardMembers ?? {}).filter(([member]) => has(value, member));
  return [
    { text, rule },
    ...members.map(([member, guard]) => ({ text: `${text}:${member}`, rule: (verb === "delete" ? undefined : guard[verb]) ?? rule })),
  ];
}

function isDefault(attribute: Attribute, value: unknown): boolean {
  return attribute.default !== chosen && JSON.stringify(attribute.default) === JSON.stringify(value);
}

function has(value: unknown, member: string): boolean {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return parts.some((part) => isObject(part) && part[member] !== undefined);
}

/** `(whole and (member and member))` */
function expression(rules: readonly Named[]): string {
  const [whole = "", ...members] = rules.map(({ text }) => text);
  return members.length === 0 ? whole : conjunction([whole, conjunction(members)]);
}

/** `((a and b) and c)`: as the policy library prints what it checked. */
function conjunction(texts: readonly string[]): string {
  return texts.reduce((all, text) => `(${all} and ${text})`);
}

/** Attributes that somebody may not see of a thing. */
export function hiddenFrom(who: Who, resource: Resource, target: Target): ReadonlySet<string> {
  const guarded = Object.entries(resource.attributes).filter(
    ([, { guard }]) => guard?.get !== undefined && !allows(guard.get, who, target),
  );
  return new Set(guarded.map(([name]) => name));
}
