/**
 * New flows of private addresses: each goes out by the pool, by a port of the VM's own where that is declared, and as it is towards what sees
 * private addresses.
 */
import { blockOf, blocksOf, vmsPerAddress } from "../../datacenter/pnat-blocks.ts";
import { privateRanges } from "../../datacenter/ranges.ts";
import { poolOf } from "../../intent/pnat-pool.ts";
import { bitsOf, ipOf } from "../../net/address.ts";
import { firstOf, lastOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import type { Classes } from "../nft/classes.ts";
import type { Span, Target } from "../nft/model.ts";
import { among, one } from "../nft/packet.ts";
import type { Packet } from "../nft/packet.ts";
import { waysOf } from "../nft/walk.ts";
import type { Way } from "../nft/walk.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { classesIn, factsOf, within } from "./filter-facts.ts";
import type { Facts } from "./filter-facts.ts";
import type { Filtering } from "./filter.ts";
import { packetsOf, told } from "./packets.ts";
import type { Against } from "./packets.ts";

export function translationClaim(filtering: Filtering): readonly Claim[] {
  const { dc, gateway, rules } = filtering;
  const [sources, pool] = [privateRanges(dc), poolOf(dc, gateway)];
  if (pool === undefined) return [];
  const facts = factsOf(dc, gateway, 4);
  const classes = withVms(classesIn(rules, facts), filtering, facts);
  const asked = { oifname: facts.uplink, saddr: within(facts.closed) };
  const packets = facts.fabric.flatMap((iifname) => packetsOf(classes, 4, { ...asked, iifname }));
  const against = packets.flatMap((packet): Against[] => {
    const why = judged(filtering, facts, packet);
    return why === undefined ? [] : [{ packet, state: "new", why }];
  });
  const how = dc.pnat?.ports_per_vm === undefined ? "" : `, each VM with ${dc.pnat.ports_per_vm} ports of its own`;
  const claim = `new flows of ${sources.join(", ")} leave as ${pool.start}-${pool.end}${how}, but towards the data centre's own as they are`;
  return [claimed({ about: "packets", where: gateway.name, claim, evidence: `${packets.length} kinds of packets` }, told(against))];
}

/** Where ports are a VM's own, of all that rules tell apart a VM for each place among those of an address. */
function withVms(classes: Classes, { dc }: Filtering, { closed }: Facts): Classes {
  const ports = dc.pnat?.ports_per_vm;
  if (ports === undefined) return classes;
  const places = BigInt(vmsPerAddress(ports));
  const vmsOf = ({ low, high }: Span) => {
    const count = high - low + 1n;
    return Array.from({ length: Number(count < places ? count : places) }, (_, at) => [one(low + BigInt(at))]);
  };
  return { ...classes, saddr: classes.saddr.filter(within(closed)).flatMap((spans) => spans.flatMap(vmsOf)) };
}

function judged(filtering: Filtering, facts: Facts, packet: Packet): string | undefined {
  const ways = waysOf(filtering.rules, packet, { hooks: ["prerouting", "forward", "postrouting"], states: ["new"] });
  const seen = among(packet.daddr, facts.except);
  if (seen === "yes")
    return ways.some((way) => way.packet.snat !== undefined) ? "is translated, though it is our own that it goes to" : undefined;
  if (seen === "maybe" || among(packet.daddr, [...facts.pool, ...facts.local]) !== "no") return undefined;
  return ways.map((way) => astray(filtering, packet, way)).find((reason) => reason !== undefined);
}

/** What is wrong with how a new flow to the outside leaves. */
function astray({ dc, gateway }: Filtering, packet: Packet, { end, packet: { snat } }: Way): string | undefined {
  const [pool, ports] = [poolOf(dc, gateway), dc.pnat?.ports_per_vm];
  if (end === "drop") return "may be dropped";
  if (snat === undefined) return "may leave untranslated";
  if (pool === undefined) return "is translated";
  const whole = among(snat.to, [{ low: bitsOf(pool.start), high: bitsOf(pool.end) }]) === "yes";
  if (!whole) return "is translated to addresses of no pool";
  return ports === undefined ? wholePool(snat, pool) : ownBlock(snat, packet, { sources: privateRanges(dc), pool, ports });
}

type Pool = NonNullable<ReturnType<typeof poolOf>>;

function wholePool({ to, ports }: Target, { start, end }: Pool): string | undefined {
  const used = to.reduce((sum, { low, high }) => sum + high - low + 1n, 0n);
  if (used < bitsOf(end) - bitsOf(start) + 1n) return "does not have the whole pool";
  return ports === undefined ? undefined : "has ports that nothing declares";
}

interface Blocks {
  readonly sources: readonly Cidr[];
  readonly pool: Pool;
  readonly ports: number;
}

/** The address by a map that knows all VMs alike; the ports by the VM's place. Protocols without ports have but the address. */
function ownBlock({ map, ports: given }: Target, { saddr, l4proto }: Packet, { sources, pool, ports }: Blocks): string | undefined {
  const wanted = blocksOf(sources, pool, ports).map(({ vms, ip }) => `${bitsOf(firstOf(vms))}-${bitsOf(lastOf(vms))} ${bitsOf(ip)}`);
  const mapped = (map ?? []).map(({ key, to }) => `${key.low}-${key.high} ${to.low}`);
  if (mapped.toSorted().join() !== wanted.toSorted().join()) return "shares an address with others than is declared";
  const block = blockOf(ipOf(4, saddr[0]?.low ?? 0n), sources, pool, ports);
  if (block === undefined) return "has no ports that are declared";
  const { first, last } = block;
  const own = given !== undefined && given.low === BigInt(first) && given.high === BigInt(last);
  return own || ![6n, 17n, 132n].includes(l4proto) ? undefined : `does not have the ports ${first}-${last}`;
}
