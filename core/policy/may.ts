/**
 * May somebody do something with a resource? The rule of the whole, and the rules of the attributes that are said.
 * A refusal names all rules that were asked, spelled as operators' policy files spell them.
 */
import { forbidden } from "../resource/refusals.ts";
import { isObject } from "../resource/composites.ts";
import { derived } from "../resource/derived.ts";
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

const VERBS = ["create", "get", "update", "delete"] as const;

/** Everything that can be asked about a resource. */
export function askedOf(resource: Resource): readonly Asked[] {
  const name = policyNameOf(resource);
  const whole = VERBS.flatMap((verb) => {
    const rule = resource.may[verb];
    return rule === undefined ? [] : [{ name: `${verb}_${name}`, rule }];
  });
  const attributes = Object.entries(resource.attributes);
  const parts = VERBS.flatMap((verb) =>
    attributes
      .filter(([, declared]) => isSaid(verb, declared))
      .flatMap(([attribute, declared]) => rulesOf({ name: `${verb}_${name}:${attribute}`, verb }, declared)),
  );
  return [...whole, ...parts];
}

/** Can the attribute be part of that at all? */
function isSaid(verb: Verb, { write }: Attribute): boolean {
  if (verb === "create") return write === "create" || write === "always";
  return verb === "update" ? write === "change" || write === "always" : true;
}

/** Of tags, which are asked about by themselves: their own rule where they have one. */
export function askedOfTags(resource: Resource, verb: Verb): Asked {
  const rule = resource.attributes["tags"]?.guard?.[verb] ?? resource.may[verb] ?? [];
  return { name: `${verb}_${policyNameOf(resource)}:tags`, rule };
}

interface Naming {
  readonly name: string;
  readonly verb: Verb;
}

/** An attribute's own, then those of its members, which without one are held to the attribute's. */
function rulesOf({ name, verb }: Naming, { guard, guardMembers = {} }: Attribute): readonly Asked[] {
  const rule = guard?.[verb];
  if (rule === undefined) return [];
  // What is seen is seen whole.
  const members = verb === "get" ? [] : Object.entries(guardMembers);
  return [{ name, rule }, ...members.map(([member, own]) => ({ name: `${name}:${member}`, rule: own[verb] ?? rule }))];
}

/** The rule of an attribute, then those of its members; none where it says nothing beyond the default. */
function attributeRules(resource: Resource, verb: Verb, { name, value }: Said): readonly Asked[] {
  const attribute = resource.attributes[name];
  if (attribute === undefined || (verb === "create" && isDefault(attribute, value))) return [];
  const own = `${verb}_${policyNameOf(resource)}:${name}`;
  return rulesOf({ name: own, verb }, attribute).filter((asked) => asked.name === own || has(value, asked.name.slice(own.length + 1)));
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
  return policy.allows(seeing(resource), who, target);
}

const seeing = derived((resource): Asked => ({ name: `get_${policyNameOf(resource)}`, rule: resource.may.get ?? [] }));

/** Attributes that somebody may not see of a thing. */
export function hiddenFrom(resource: Resource, { who, target, policy }: Look): ReadonlySet<string> {
  const hidden = guarded(resource).filter(({ asked }) => !policy.allows(asked, who, target));
  return new Set(hidden.map(({ attribute }) => attribute));
}

/** Attributes that not everybody sees who sees the whole. */
const guarded = derived((resource) =>
  Object.entries(resource.attributes).flatMap(([attribute, { guard }]) =>
    guard?.get === undefined ? [] : [{ attribute, asked: { name: `get_${policyNameOf(resource)}:${attribute}`, rule: guard.get } }],
  ),
);
