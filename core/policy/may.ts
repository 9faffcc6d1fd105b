/**
 * May somebody do something with a resource? The rule of the whole, and the rules of the attributes that are said.
 * A refusal names all rules that were asked, spelled as operators' policy files spell them.
 */
import { forbidden } from "../resource/refusals.ts";
import { isObject } from "../resource/composites.ts";
import { chosen, policyNameOf } from "../resource/resource.ts";
import type { Attribute, Resource } from "../resource/resource.ts";
import type { Refusal } from "../result.ts";
import type { Asked, Policy } from "./policy.ts";
import type { Target } from "./rule.ts";
import type { Who } from "./who.ts";

export type Verb = "create" | "update" | "delete" | "get";

/** What is asked: by whom, of what, and for writes what they say. */
export interface Act {
  readonly verb: Verb;
  readonly who: Who;
  readonly target: Target;
  readonly policy: Policy;
  readonly says?: Readonly<Record<string, unknown>>;
}

/** Undefined: it may. */
export function mayNot(resource: Resource, { verb, who, target, policy, says = {} }: Act): Refusal | undefined {
  const whole: Asked = { name: `${verb}_${policyNameOf(resource)}`, rule: resource.may[verb] ?? [] };
  const parts = Object.entries(says).map(([name, value]) => attributeRules(resource, verb, { name, value }));
  const asked = [whole, ...parts.flat()];
  if (asked.every((one) => policy.allows(one, who, target))) return undefined;
  return forbidden(conjunction([textOf(whole), ...parts.filter((rules) => rules.length > 0).map(expression)]));
}

interface Said {
  readonly name: string;
  readonly value: unknown;
}

/** The rule of an attribute, then those of its members; none where it says nothing beyond the default. */
function attributeRules(resource: Resource, verb: Verb, { name, value }: Said): readonly Asked[] {
  const attribute = resource.attributes[name];
  const rule = verb === "delete" ? undefined : attribute?.guard?.[verb];
  if (attribute === undefined || rule === undefined || (verb === "create" && isDefault(attribute, value))) return [];
  const own = `${verb}_${policyNameOf(resource)}:${name}`;
  const members = Object.entries(attribute.guardMembers ?? {}).filter(([member]) => has(value, member));
  return [
    { name: own, rule },
    ...members.map(([member, guard]) => ({ name: `${own}:${member}`, rule: (verb === "delete" ? undefined : guard[verb]) ?? rule })),
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
function expression(rules: readonly Asked[]): string {
  const [whole = "", ...members] = rules.map(textOf);
  return members.length === 0 ? whole : conjunction([whole, conjunction(members)]);
}

/** `((a and b) and c)`: as the policy library prints what it checked. */
function conjunction(texts: readonly string[]): string {
  return texts.reduce((all, text) => `(${all} and ${text})`);
}

/** `rule:create_port` */
function textOf({ name }: Asked): string {
  return `rule:${name}`;
}

/** Who looks at what. */
export type Look = Pick<Act, "who" | "target" | "policy">;

/** May somebody know that it is there? */
export function maySee(resource: Resource, { who, target, policy }: Look): boolean {
  return policy.allows({ name: `get_${policyNameOf(resource)}`, rule: resource.may.get ?? [] }, who, target);
}

/** Attributes that somebody may not see of a thing. */
export function hiddenFrom(resource: Resource, { who, target, policy }: Look): ReadonlySet<string> {
  const hidden = Object.entries(resource.attributes).filter(
    ([name, { guard }]) =>
      guard?.get !== undefined && !policy.allows({ name: `get_${policyNameOf(resource)}:${name}`, rule: guard.get }, who, target),
  );
  return new Set(hidden.map(([name]) => name));
}
