/** What is decided about subnets. Where they may lie is said in subnet-place.ts. */
import { eui64 } from "../net/mac.ts";
import { maySee } from "../policy/may.ts";
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { strangerOn } from "./address-scope-decisions.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { defaultGateway, defaultPools } from "./ipam.ts";
import { sees } from "./look.ts";
import { LEAST_MTU, networkTarget } from "./network-decisions.ts";
import type { Network } from "./network.ts";
import { network } from "./network.ts";
import { isFromMac } from "./port-addresses.ts";
import { goesWithNetwork } from "./port-removal.ts";
import type { Wish } from "./port-types.ts";
import type { Port } from "./port.ts";
import * as refusal from "./refusals.ts";
import { born, removal, touched, write } from "./rules.ts";
import type { Ask, Asking, Change, Rules } from "./rules.ts";
import { isExternal, isSharedWith, sharingFor } from "./sharing.ts";
import { blockFor } from "./subnet-block.ts";
import type { Block } from "./subnet-block.ts";
import { wrongSubnet } from "./subnet-checks.ts";
import { misplaced, misplacedAfter } from "./subnet-place.ts";
import type { NewSubnet, Subnet, SubnetPatch } from "./subnet.ts";

export const subnetDecisions: Rules<"subnet"> = {
  table: "subnet",
  notFound: refusal.subnetNotFound,
  target: (cloud, row, who) => targetOn(cloud, { on: cloud.get("network", row.network_id), owner: row.project_id }, who),
  targetOfNew,
  computed: (cloud, row, { who }) => ({
    shared: isSharedWith(cloud, row.network_id, who.project),
    "router:external": isExternal(cloud, row.network_id),
  }),
  create,
  update,
  delete: remove,
};

export interface OnNetwork {
  readonly on: Network | undefined;
  readonly owner: string;
}

/** What policy is asked about something on a network. */
export function targetOn(cloud: Cloud, { on, owner }: OnNetwork, who: Who): Target {
  return on === undefined ? { owner } : { owner, parent: on.project_id, ...sharingFor(cloud, on.id, who) };
}

export function seesNetwork(cloud: Cloud, on: Network, who: Who): boolean {
  return maySee(network, { who, target: networkTarget(cloud, on, who), policy: cloud.settings.policy });
}

/** Of the subnets that addresses are wished from, the first that is not there for who asks. */
export function unseenSubnet(cloud: Cloud, wishes: readonly Wish[], who: Who): Refusal | undefined {
  for (const { subnet_id: id } of wishes) {
    const row = id === undefined ? undefined : cloud.get("subnet", id);
    if (id !== undefined && (row === undefined || !sees(subnetDecisions, cloud, { row, who }))) return refusal.subnetNotFound(id);
  }
  return undefined;
}

function targetOfNew(cloud: Cloud, input: NewSubnet, { who }: Asking): Result<Target> {
  const on = cloud.get("network", input.network_id);
  return on === undefined ? refused(refusal.networkNotFound(input.network_id)) : ok(targetOn(cloud, { on, owner: input.project_id }, who));
}

function create(cloud: Cloud, input: NewSubnet, { who, fresh }: Ask): Result<Change<Subnet>> {
  const on = cloud.get("network", input.network_id);
  if (on === undefined) return refused(refusal.networkNotFound(input.network_id));
  const block = blockFor(cloud, input, who);
  if (!block.ok) return block;
  const row = filled(input, block.value, fresh);
  const wrong = wrongSubnet(row) ?? misplaced(cloud, row) ?? strangerOn(cloud, row) ?? tooSmall(on, row);
  if (wrong !== undefined) return refused(wrong);
  const ports = backfilled(cloud, row, fresh);
  return ports.ok ? ok({ row, also: [...ports.value, write("network", on.id, touched(on, fresh))] }) : ports;
}

function filled({ use_default_subnetpool: _usual, prefixlen: _length, ...input }: NewSubnet, block: Block, fresh: Fresh): Subnet {
  const { cidr } = block;
  const gateway = input.gateway_ip === undefined ? defaultGateway(cidr) : input.gateway_ip;
  const { allocation_pools: pools = [] } = input;
  return {
    ...born(fresh),
    tags: [],
    ipv6_ra_mode: null,
    ipv6_address_mode: null,
    ...input,
    ...block,
    gateway_ip: gateway,
    allocation_pools: pools.length > 0 ? pools : defaultPools(cidr, gateway),
  };
}

function tooSmall(on: Network, row: Subnet): Refusal | undefined {
  const least = LEAST_MTU[row.ip_version];
  return on.mtu < least ? refusal.mtuTooSmall(on.id, least) : undefined;
}

/** Where addresses follow from the MAC, the ports that are there already have theirs at once. */
function backfilled(cloud: Cloud, row: Subnet, fresh: Fresh): Result<readonly RowWrite[]> {
  const writes: RowWrite[] = [];
  for (const port of cloud.by("port", "network_id", row.network_id)) {
    if (!isFromMac(port, row)) continue;
    const address = eui64(row.cidr, port.mac_address);
    // On another network, where blocks may overlap, a port may have the same MAC.
    if (cloud.addresses.ownerOf(address) !== undefined) return refused(refusal.addressTaken(address, row.id));
    const fixed = [...port.fixed_ips, { subnet_id: row.id, ip_address: address }];
    writes.push(portWrite({ ...port, fixed_ips: fixed, ip_allocation: "immediate" }, fresh));
  }
  return ok(writes);
}

function portWrite(port: Port, fresh: Fresh): RowWrite {
  return write("port", port.id, touched(port, fresh));
}

function update(cloud: Cloud, row: Subnet, patch: SubnetPatch): Result<Change<Subnet>> {
  const next: Subnet = { ...row, ...patch };
  const wrong = wrongSubnet(next) ?? misplacedAfter(cloud, row, next);
  return wrong === undefined ? ok({ row: next }) : refused(wrong);
}

/** Ports lose the addresses that follow from their MAC with the subnet; other addresses hold it. */
function remove(cloud: Cloud, row: Subnet, { fresh }: Ask): Result<readonly RowWrite[]> {
  const ports = [...cloud.by("port", "fixed_ips", `subnet_id=${row.id}`)];
  const holds = (port: Port) => !isFromMac(port, row) && !goesWithNetwork(port);
  if (ports.some(holds)) return refused(refusal.subnetInUse(row.id));
  const on = cloud.get("network", row.network_id);
  return ok([
    ...ports.map((port) => portWrite({ ...port, fixed_ips: port.fixed_ips.filter((fixed) => fixed.subnet_id !== row.id) }, fresh)),
    removal("subnet", row.id),
    ...(on === undefined ? [] : [write("network", on.id, touched(on, fresh))]),
  ]);
}
