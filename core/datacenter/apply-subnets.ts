/**
 * The data centre's subnets. Each is made anew in thought, so that what is checked of a new subnet is checked of a changed
 * one; then it takes the place of the old one, whose id, tags and routes it keeps. No port loses an address.
 */
import { bitsOf, familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains } from "../net/prefix.ts";
import { removal, touched, write } from "../neutron/rules.ts";
import { subnetDecisions } from "../neutron/subnet-decisions.ts";
import { subnet } from "../neutron/subnet.ts";
import type { Subnet } from "../neutron/subnet.ts";
import { readCreate } from "../resource/read.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { changed } from "./apply-difference.ts";
import type { Difference } from "./apply-difference.ts";
import type { Job } from "./apply.ts";
import { meets, ownAddresses } from "./own-addresses.ts";
import type { PlannedSubnet } from "./plan.ts";

/** Where a subnet is, or should be. */
export interface Slot {
  readonly network_id: string;
  readonly planned: PlannedSubnet | undefined;
  /** What was made there before. */
  readonly id: string | undefined;
}

interface SubnetsApplied {
  /** By slot; undefined: none. */
  readonly ids: readonly (string | undefined)[];
  readonly difference: Difference;
}

export function applySubnets(job: Job, slots: readonly Slot[]): Result<SubnetsApplied> {
  const olds = slots.map(({ id }) => (id === undefined ? undefined : job.cloud.get("subnet", id)));
  // All out of the way first: one may get the block that another had.
  job.pretend(olds.flatMap((old) => (old === undefined ? [] : [removal("subnet", old.id)])));
  const ids: (string | undefined)[] = [];
  const difference: Difference[number][] = [];
  for (const [at, slot] of slots.entries()) {
    const applied = applyOne(job, slot, olds[at]);
    if (!applied.ok) return applied;
    ids.push(applied.value.id);
    difference.push(...applied.value.difference);
  }
  return ok({ ids, difference });
}

interface SubnetApplied {
  readonly id: string | undefined;
  readonly difference: Difference;
}

function applyOne(job: Job, { network_id, planned }: Slot, old: Subnet | undefined): Result<SubnetApplied> {
  if (planned === undefined) return old === undefined ? ok({ id: undefined, difference: [] }) : remove(job, old);
  const made = make(job, network_id, planned);
  if (!made.ok) return made;
  // Neutron takes an empty list for "all addresses" where a subnet is made.
  const pools = planned.retiring ? { allocation_pools: [] } : {};
  const next: Subnet = old === undefined ? { ...made.value.row, ...pools } : { ...old, ...declaredOf(made.value.row), ...pools };
  const difference = changed({ object: "subnet", name: planned.name }, old && declaredOf(old), declaredOf(next));
  if (old === undefined) job.write([...made.value.also, write("subnet", next.id, next)]);
  else if (difference.length === 0) job.pretend([write("subnet", old.id, old)]);
  else {
    const wrong = stranding(job, old, next);
    if (wrong !== undefined) return refused(wrong);
    job.write([write("subnet", old.id, touched(next, job.fresh))]);
  }
  return ok({ id: next.id, difference });
}

function remove(job: Job, old: Subnet): Result<SubnetApplied> {
  const wrong = stranding(job, old, undefined);
  if (wrong !== undefined) return refused(wrong);
  const on = job.cloud.get("network", old.network_id);
  job.write([removal("subnet", old.id), ...(on === undefined ? [] : [write("network", on.id, touched(on, job.fresh))])]);
  return ok({ id: undefined, difference: changed({ object: "subnet", name: old.name }, declaredOf(old), undefined) });
}

function make(job: Job, network_id: string, planned: PlannedSubnet) {
  const { retiring: had, ...declared } = planned;
  const family = familyOf(planned.cidr);
  // Addresses are ours to give, also in IPv6: what a host may announce is what the IPAM gave it.
  const modes = family === 6 ? { ipv6_ra_mode: "dhcpv6-stateful", ipv6_address_mode: "dhcpv6-stateful" } : {};
  const input = readCreate(
    subnet,
    { ...declared, ...(had && { allocation_pools: had }), network_id, ip_version: family, ...modes },
    job.who,
  );
  if (!input.ok) return input;
  const made = subnetDecisions.create?.(job.cloud, input.value, job);
  if (made === undefined) throw new Error("subnets cannot be created");
  return made.ok ? ok({ row: made.value.row, also: made.value.also ?? [] }) : made;
}

/** What of a subnet is the data centre's to say; the rest is the administrator's. */
function declaredOf(row: Subnet) {
  const { name, cidr, gateway_ip, allocation_pools, dns_nameservers, enable_dhcp, ipv6_ra_mode, ipv6_address_mode } = row;
  return { name, cidr, gateway_ip, allocation_pools, dns_nameservers, enable_dhcp, ipv6_ra_mode, ipv6_address_mode };
}

const SHOWN = 3;

/** Refused when an address that a port has would be on no subnet, be the gateway's or the data centre's own, or leave the pools. */
function stranding({ cloud }: Job, old: Subnet, next: Subnet | undefined): Refusal | undefined {
  const applied = cloud.get("datacenter", "this");
  const own = applied === undefined ? [] : ownAddresses(applied);
  const taken = (ip: Ip) => own.some((stretch) => meets(stretch, { start: ip, end: ip }));
  const lost: string[] = [];
  for (const port of cloud.by("port", "fixed_ips", `subnet_id=${old.id}`)) {
    for (const { ip_address: ip, subnet_id } of port.fixed_ips)
      if (subnet_id === old.id && (taken(ip) || !keeps(old, next, ip))) lost.push(`port ${port.id} has ${ip}`);
  }
  if (lost.length === 0) return undefined;
  const more = lost.length > SHOWN ? `, and ${lost.length - SHOWN} more` : "";
  const what = next === undefined ? `delete the subnet ${old.name} (${old.cidr})` : `change the subnet ${old.name}`;
  const way = next?.cidr === old.cidr ? "" : " In ranges.retiring it stays until they have others.";
  return { status: 409, type: "DataCenterConflict", message: `Cannot ${what}: ${lost.slice(0, SHOWN).join(", ")}${more}.${way}` };
}

/** An address that was outside the pools before may stay so: somebody chose it. */
function keeps(old: Subnet, next: Subnet | undefined, ip: Ip): boolean {
  if (next === undefined || !contains(next.cidr, ip) || next.gateway_ip === ip) return false;
  // Where there are no pools any more, nobody gets one, and who has one keeps it.
  return next.allocation_pools.length === 0 || inPools(next, ip) || !inPools(old, ip);
}

function inPools({ allocation_pools: pools }: Subnet, ip: Ip): boolean {
  const bits = bitsOf(ip);
  return pools.some(({ start, end }) => bitsOf(start) <= bits && bits <= bitsOf(end));
}
