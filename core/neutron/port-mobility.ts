/**
 * `PUT /ports/{id}/take_addresses` with `{"addresses": [{"ip_address": …}]}`: addresses move to this port from the ports that have them,
 * in one commit. So at no moment do two ports have one of them, or none: nobody else can be given it in between, and it does
 * not rest. What leads to it goes with it: floating IPs that stand for it, and port forwardings to it.
 */
import type { Ip } from "../net/address.ts";
import { maySee } from "../policy/may.ts";
import { isAdmin } from "../policy/who.ts";
import { isObject, list, must, record } from "../resource/composites.ts";
import { refusalOf } from "../resource/read.ts";
import { ip } from "../resource/scalars.ts";
import { isWrong } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { stillAssociated } from "./floating-ip-refusals.ts";
import { isAutomatic } from "./ipam.ts";
import { portTarget } from "./port-target.ts";
import type { FixedIp } from "./port-types.ts";
import { port } from "./port.ts";
import type { Port } from "./port.ts";
import * as refusal from "./refusals.ts";
import { touched, write } from "./rules.ts";
import type { Acted, Acting, Action } from "./rules.ts";
import { gatewayOfMachine } from "./subnet-place.ts";

const NAME = "take_addresses";
const OWN = ["admin", "member@owner", "service"] as const;

const wanted = list(record({ ip_address: must(ip) }), { unique: true });

export const takeAddresses: Action<"port"> = { may: OWN, act: take };

function take(cloud: Cloud, taker: Port, acting: Acting): Result<Acted<Port>> {
  const said = addressesIn(acting.body);
  if (!said.ok) return said;
  const moves: Move[] = [];
  for (const address of said.value) {
    const giver = giverOf(cloud, { taker, address, acting });
    if (!giver.ok) return giver;
    moves.push({ giver: giver.value, address });
  }
  const taken = moves.flatMap(({ giver, address }) => giver.fixed_ips.filter((fixed) => fixed.ip_address === address));
  const next: Port = { ...taker, fixed_ips: [...taker.fixed_ips, ...taken], ip_allocation: "immediate" };
  const wrong = taken.map((fixed) => unfit(cloud, fixed)).find((one) => one !== undefined) ?? gatewayOfMachine(cloud, next);
  if (wrong !== undefined) return refused(wrong);
  const following = leadingTo(cloud, { taker, moves, acting });
  return following.ok ? ok({ row: next, also: [...given(moves, acting), ...following.value] }) : following;
}

interface Move {
  readonly giver: Port;
  readonly address: Ip;
}

function addressesIn(body: unknown): Result<readonly Ip[]> {
  if (!isObject(body) || body["addresses"] === undefined) return refused(refusal.badRequest("Unable to find 'addresses' in request body"));
  const read = wanted.read(body["addresses"]);
  if (isWrong(read)) return refused(refusalOf("addresses", read));
  return read.value.length === 0
    ? refused(refusal.badRequest("'addresses' names no address"))
    : ok(read.value.map((one) => one.ip_address));
}

interface Asked {
  readonly taker: Port;
  readonly address: Ip;
  readonly acting: Acting;
}

/** The port that has it. A port that the asker cannot see is not there. */
function giverOf(cloud: Cloud, { taker, address, acting: { who } }: Asked): Result<Port> {
  const policy = cloud.settings.policy;
  const aims = [...cloud.by("port", "fixed_ips", `ip_address=${address}`)].map((each) => ({ each, target: portTarget(cloud, each, who) }));
  const [seen] = aims.filter(({ each, target }) => maySee(port, { who, target: { ...target, fields: each }, policy }));
  if (seen === undefined) return refused(nobodys(address));
  if (!policy.allows({ name: NAME, rule: OWN }, who, seen.target)) return refused(refusal.forbidden(`rule:${NAME}`));
  const { each } = seen;
  if (each.id === taker.id) return refused(alreadyHere(taker.id, address));
  if (each.network_id !== taker.network_id) return refused(refusal.notOnNetwork(address));
  const service = [each, taker].find(({ device_owner: owner }) => owner.startsWith("network:"));
  return service === undefined ? ok(each) : refused(refusal.servicePortInUse(service.id, service.device_owner));
}

/** An address that follows from a MAC stays with that MAC. */
function unfit(cloud: Cloud, { subnet_id: id, ip_address: address }: FixedIp): Refusal | undefined {
  const subnet = cloud.get("subnet", id);
  return subnet !== undefined && isAutomatic(subnet) ? refusal.automaticAddress(address, id) : undefined;
}

/** Each giver once, without what it gives. */
function given(moves: readonly Move[], { fresh }: Acting): readonly RowWrite[] {
  const gone = new Set(moves.map(({ address }) => address));
  const givers = new Map(moves.map(({ giver }) => [giver.id, giver]));
  return [...givers.values()].map((giver) => {
    const kept = giver.fixed_ips.filter((fixed) => !gone.has(fixed.ip_address));
    return write("port", giver.id, touched({ ...giver, fixed_ips: kept }, fresh));
  });
}

/** 409 FipAssociated where a floating IP is another project's: as with a port that goes, an administrator must have associated it. */
function leadingTo(
  cloud: Cloud,
  { taker, moves, acting }: { readonly taker: Port; readonly moves: readonly Move[]; readonly acting: Acting },
) {
  const { who, fresh } = acting;
  const writes: RowWrite[] = [];
  for (const { giver, address } of moves) {
    for (const row of cloud.by("floatingip", "port_id", giver.id)) {
      if (row.fixed_ip_address !== address) continue;
      if (!isAdmin(who) && row.project_id !== who.project) return refused(stillAssociated(giver.id));
      writes.push(write("floatingip", row.id, touched({ ...row, port_id: taker.id }, fresh)));
    }
    for (const row of cloud.by("port_forwarding", "internal_port_id", giver.id))
      if (row.internal_ip_address === address) writes.push(write("port_forwarding", row.id, { ...row, internal_port_id: taker.id }));
  }
  return ok(writes);
}

const nobodys = (address: Ip): Refusal => ({ status: 404, type: "AddressNotFound", message: `No port has the IP address ${address}.` });

const alreadyHere = (id: string, address: Ip): Refusal => ({
  status: 409,
  type: "IpAddressAlreadyAllocated",
  message: `Port ${id} has the IP address ${address} already.`,
});
