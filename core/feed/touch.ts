/** Which items, and whose interest, a changed row may have changed: more than it did, never less. */
import type { Cloud } from "../neutron/cloud.ts";
import { isBound } from "../neutron/port-binding.ts";
import type { Port } from "../neutron/port.ts";
import type { SecurityGroupRule } from "../neutron/security-group-rule.ts";
import { addressesOf } from "./facts.ts";
import type { ItemKey } from "./item.ts";

export interface Touched {
  /** Items that are no members. */
  readonly keys: Set<ItemKey>;
  /** Hosts whose endpoints, or their groups, may be others. */
  readonly hosts: Set<string>;
  /** Groups whose rules may name others. */
  readonly groups: Set<string>;
  /** Groups whose members may be others. */
  readonly members: Set<string>;
}

export function untouched(): Touched {
  return { keys: new Set(), hosts: new Set(), groups: new Set(), members: new Set() };
}

/** A row before and after a commit. */
interface Changed {
  readonly key: string;
  readonly before: object | undefined;
  readonly after: object | undefined;
}

/** Adds to `touched` what this change may have changed. Looks at `cloud` after the change. */
export function touch(touched: Touched, cloud: Cloud, { key, before, after }: Changed): void {
  const slash = key.indexOf("/");
  const [table, id] = [key.slice(0, slash), key.slice(slash + 1)];
  // A row is of the type of its table, before and after.
  const rows = [before, after].filter((row) => row !== undefined);
  if (table === "datacenter") touched.keys.add("datacenter/this");
  else if (table === "subnet") touched.keys.add(`subnet/${id}`);
  else if (table === "network") for (const subnet of cloud.by("subnet", "network_id", id)) touched.keys.add(`subnet/${subnet.id}`);
  else if (table === "security_group") touched.keys.add(`group/${id}`);
  else if (table === "security_group_rule") for (const rule of rows) touchGroup(touched, (rule as SecurityGroupRule).security_group_id);
  else if (table === "port") touchPort(touched, before as Port | undefined, after as Port | undefined);
}

function touchGroup(touched: Touched, group: string): void {
  touched.keys.add(`group/${group}`);
  touched.groups.add(group);
}

function touchPort(touched: Touched, before: Port | undefined, after: Port | undefined): void {
  for (const port of [before, after]) {
    if (port === undefined || !isBound(port)) continue;
    touched.keys.add(`endpoint/${port.id}`);
    touched.hosts.add(port["binding:host_id"]);
  }
  // Most changes of a port leave its groups' members as they are, and a group may have thousands.
  if (membership(before) === membership(after)) return;
  for (const port of [before, after]) for (const group of port?.security_groups ?? []) touched.members.add(group);
}

function membership(port: Port | undefined): string {
  return port === undefined ? "" : JSON.stringify([port.security_groups, addressesOf(port)]);
}
