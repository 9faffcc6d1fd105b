/**
 * Every policy that the API asks about: its name as operators' files spell it, its default, and the requests that it
 * is asked for. All of it follows from the declarations, so a resource that is added is here by being declared.
 */
import { askedOf, askedOfTags } from "../policy/may.ts";
import { NAMED_RULES, spelled } from "../policy/named-rules.ts";
import type { Asked } from "../policy/policy.ts";
import { readPolicy } from "../policy/policy-file.ts";
import type { KnownPolicy, PolicyEntry, PolicyReading } from "../policy/policy-file.ts";
import type { Rule } from "../policy/rule.ts";
import { pathOf, policyNameOf } from "../resource/resource.ts";
import type { Resource } from "../resource/resource.ts";
import { DELETE_TOPOLOGY, GET_TOPOLOGY } from "./auto-topology.ts";
import { ACTIVATE } from "./binding.ts";
import { floatingIpPool } from "./floating-ip-pools.ts";
import { availabilityZone } from "./availability-zone.ts";
import { networkIpAvailability } from "./ip-availability.ts";
import { declarationOf } from "./look.ts";
import { serviceProvider } from "./service-provider.ts";
import { GET_RULE_TYPE } from "./qos-rule-types.ts";
import { NESTED, ROUTES } from "./routes.ts";
import { DECLARED } from "./tables.ts";

export interface DeclaredPolicy extends KnownPolicy {
  readonly rule: Rule;
  /** What it is about, in words, and `POST /networks`: the requests it is asked for. */
  readonly note: string;
  readonly requests: readonly string[];
}

/** Each name once, resource by resource. */
export function declaredPolicies(): readonly DeclaredPolicy[] {
  const all = [
    ...[...Object.values(DECLARED), floatingIpPool, availabilityZone, serviceProvider, networkIpAvailability].flatMap(policiesOf),
    alone(ACTIVATE),
    alone(GET_RULE_TYPE),
    alone(GET_TOPOLOGY),
    alone(DELETE_TOPOLOGY),
  ];
  return [...new Map(all.map((policy) => [policy.name, policy])).values()];
}

/** An operator's file, read on top of what is declared here. */
export function readPolicyEntries(entries: readonly PolicyEntry[]): PolicyReading {
  return readPolicy(entries, declaredPolicies());
}

function policiesOf(resource: Resource): readonly DeclaredPolicy[] {
  const tags = "tags" in resource.attributes ? TAG_VERBS.map((verb) => askedOfTags(resource, verb)) : [];
  return [...askedOf(resource), ...tags, ...actionsOf(resource)].map((asked) => policyOf(resource, asked));
}

const TAG_VERBS = ["create", "get", "update", "delete"] as const;

function actionsOf(resource: Resource): readonly Asked[] {
  const rules = [...ROUTES.values(), ...NESTED.values()].find((one) => declarationOf(one) === resource);
  return Object.entries(rules?.actions ?? {}).map(([name, { may }]) => ({ name, rule: may }));
}

function policyOf(resource: Resource, { name, rule }: Asked): DeclaredPolicy {
  const parents = parentsOf(resource);
  const text = spelled(rule, { name: policyNameOf(resource), parents });
  return { name, rule, text, parents, note: noteOf(resource, name), requests: requestsOf(resource, name) };
}

function alone({ name, rule }: Asked): DeclaredPolicy {
  return { name, rule, text: spelled(rule, { name, parents: [] }), parents: [], note: "", requests: [] };
}

/** What it hangs on, under all names that policy files have for that. */
function parentsOf({ under, attributes }: Resource): readonly string[] {
  if (under !== undefined) return ["ext_parent", under.resource];
  if ("network_id" in attributes) return ["network"];
  return "security_group_id" in attributes ? ["security_group"] : [];
}

/** The note of the attribute, or of the resource where it is all of it. */
function noteOf(resource: Resource, name: string): string {
  const [, said = ""] = name.split(`_${policyNameOf(resource)}:`);
  const attribute = Object.entries(resource.attributes).find(([one]) => said === one || said.startsWith(`${one}:`));
  return attribute?.[1].note ?? resource.note;
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  create: ["POST "],
  get: ["GET ", "GET /{id}"],
  update: ["PUT /{id}"],
  delete: ["DELETE /{id}"],
};

function requestsOf(resource: Resource, name: string): readonly string[] {
  const base = urlOf(resource);
  const verb = name.slice(0, name.indexOf("_"));
  const methods = METHODS[verb];
  if (methods === undefined) return [`PUT ${base}/{id}/${name}`];
  const lines = name.endsWith(":tags") ? [`${TAG_METHODS[verb] ?? "PUT"} /{id}/tags`] : methods;
  return lines.map((line) => line.replace(" ", ` ${base}`));
}

const TAG_METHODS: Readonly<Record<string, string>> = { create: "POST", get: "GET", update: "PUT", delete: "DELETE" };

function urlOf(resource: Resource): string {
  const { under } = resource;
  const over = under === undefined ? undefined : Object.values<Resource>(DECLARED).find(({ name }) => name === under.resource);
  return over === undefined ? `/${pathOf(resource)}` : `${urlOf(over)}/{${over.name}_id}/${pathOf(resource)}`;
}

/** Rules that others are made of, with their defaults. */
export const BUILDING_BLOCKS: readonly (readonly [name: string, text: string])[] = Object.entries(NAMED_RULES);
