/**
 * Which part of the cloud one host is told: on a compute host its endpoints and those it expects, all subnets, the groups of its endpoints,
 * and the addresses of the groups and address groups that those rules name as remote. Gateways and reflectors follow from the data
 * centre, and from who may announce what.
 */
import { gatewaysHear, peersBy } from "../datacenter/peering.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { expectedOn, isBound } from "../neutron/port-binding.ts";
import { assignmentOf } from "./assignments.ts";
import { endpointOf, groupOf, membersOf, prefixesOf, subnetFactOf } from "./facts.ts";
import type { ItemKey, Items, Role } from "./item.ts";

/** What a host has to do with, by id. */
export interface Interest {
  readonly subnets: "all" | "none";
  /** Which host may announce what: for whoever hears hosts' BGP sessions. */
  readonly assignments: "all" | "none";
  readonly endpoints: ReadonlySet<string>;
  /** Groups whose rules it needs. */
  readonly groups: ReadonlySet<string>;
  /** Groups whose members it needs. */
  readonly remotes: ReadonlySet<string>;
  /** Address groups whose prefixes it needs. */
  readonly addressGroups: ReadonlySet<string>;
}

export const NO_INTEREST: Interest = {
  subnets: "none",
  assignments: "none",
  endpoints: new Set(),
  groups: new Set(),
  remotes: new Set(),
  addressGroups: new Set(),
};

export function interestOf(cloud: Cloud, host: string, role: Role): Interest {
  const assignments = hearsHosts(cloud, role) ? "all" : "none";
  if (role !== "compute") return { ...NO_INTEREST, assignments };
  const ports = [...[...cloud.by("port", "binding:host_id", host)].filter(isBound), ...expectedOn(cloud, host)];
  const groups = new Set(ports.flatMap((port) => port.security_groups));
  return { subnets: "all", assignments, endpoints: new Set(ports.map((port) => port.id)), groups, ...remotesOf(cloud, groups) };
}

/** Those that believe hosts of what they announce: reflectors, without them gateways, in a mesh all; and the routers of racks. */
function hearsHosts(cloud: Cloud, role: Role): boolean {
  const applied = cloud.get("datacenter", "this");
  if (role === "reflector" || role === "tor" || applied === undefined) return role === "reflector" || role === "tor";
  return peersBy(applied, "mesh") || (role === "gateway" && gatewaysHear(applied));
}

function remotesOf(cloud: Cloud, groups: Iterable<string>): Pick<Interest, "remotes" | "addressGroups"> {
  const [remotes, addressGroups] = [new Set<string>(), new Set<string>()];
  for (const group of groups)
    for (const rule of cloud.by("security_group_rule", "security_group_id", group)) {
      if (rule.remote_group_id !== null) remotes.add(rule.remote_group_id);
      if (rule.remote_address_group_id !== null) addressGroups.add(rule.remote_address_group_id);
    }
  return { remotes, addressGroups };
}

/** Keys of all items but members: what `itemOf` gives a value for. */
export function* keysOf(cloud: Cloud, interest: Interest): Generator<ItemKey> {
  yield "datacenter/this";
  if (interest.subnets === "all") for (const { id } of cloud.all("subnet")) yield `subnet/${id}`;
  if (interest.assignments === "all") for (const { id } of cloud.all("port")) yield `assignment/${id}`;
  for (const id of interest.endpoints) yield `endpoint/${id}`;
  for (const id of interest.groups) yield `group/${id}`;
  for (const id of interest.addressGroups) yield `address_group/${id}`;
}

/** The present value of an item that is no member; undefined: there is none. */
export function itemOf(cloud: Cloud, key: ItemKey): Items[keyof Items] | undefined {
  const slash = key.indexOf("/");
  const [kind, id] = [key.slice(0, slash), key.slice(slash + 1)];
  if (kind === "datacenter") return cloud.get("datacenter", id);
  if (kind === "group") return groupOf(cloud, id);
  if (kind === "address_group") return prefixesOf(cloud, id);
  if (kind === "subnet") {
    const subnet = cloud.get("subnet", id);
    return subnet === undefined ? undefined : subnetFactOf(cloud, subnet);
  }
  const port = cloud.get("port", id);
  if (port === undefined) return undefined;
  return kind === "assignment" ? assignmentOf(cloud, port) : endpointOf(cloud, port);
}

export function memberKey(group: string, ip: string): ItemKey {
  return `member/${group} ${ip}`;
}

/** All that a host is to be told. The feed arrives at the same by differences; this is what it is measured by. */
export function slice(cloud: Cloud, host: string, role: Role): Map<ItemKey, Items[keyof Items]> {
  const interest = interestOf(cloud, host, role);
  const items = new Map<ItemKey, Items[keyof Items]>();
  for (const key of keysOf(cloud, interest)) {
    const value = itemOf(cloud, key);
    if (value !== undefined) items.set(key, value);
  }
  for (const group of interest.remotes)
    for (const ip of membersOf(cloud, group).keys()) items.set(memberKey(group, ip), { group_id: group, ip });
  return items;
}
