/** Tracked flows over ctnetlink (linux/netfilter/nfnetlink_conntrack.h). */
import { DONE } from "#contracts/driver.ts";
import type { Outcome } from "#contracts/driver.ts";
import type { Flow, FlowEnds, Flows } from "#contracts/flows.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { AF_INET6, bytesOfIp, familyNumber, ipOfBytes } from "./bytes.ts";
import type { Question } from "./channel.ts";
import type { Kernel } from "./kernel.ts";
import { attributeIn, attributesIn } from "./message.ts";
import type { MessageWriter } from "./message.ts";
import type { Refusal } from "./refusal.ts";

/** Subsystem and message. */
const [NEW, GET, DELETE] = [0x100, 0x101, 0x102];
const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, STATUS: 3, MARK: 8, ID: 12, ZONE: 18 };
const TUPLE = { IP: 1, PROTO: 2 };
const IP = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 };
const PROTO = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 };
/** Of ICMP and ICMPv6: where id, type and code are. */
const ICMP: Readonly<Record<number, { readonly id: number; readonly type: number; readonly code: number }>> = {
  1: { id: 4, type: 5, code: 6 },
  58: { id: 7, type: 8, code: 9 },
};
const ENOENT = 2;
/** `IPS_OFFLOAD` (linux/netfilter/nf_conntrack_common.h) */
const OFFLOADED = 1 << 14;

/** The kernel's own table: what is offloaded it does not remove, and does not see by its mark. */
export interface FlowTable extends Omit<Flows, "slow"> {
  /** These as they are now, in their order; undefined for those that have ended. */
  now(flows: readonly Flow[]): Promise<readonly (Flow | undefined)[]>;
}

/** Listings that are asked for while one is under way wait for it, and are then one. */
export function netlinkFlows({ netfilter, flows: table }: Pick<Kernel, "netfilter" | "flows">): FlowTable {
  const done = (refusals: readonly (Refusal | undefined)[]) => refusals.map(outcomeOf);
  let last: Promise<unknown> = Promise.resolve();
  let waiting: Walk | undefined;
  const walk = (): Walk => {
    const wanted = new Set<string>();
    const begin = () => {
      waiting = undefined;
      const isAsked = wanted.has(ALL) ? () => true : (body: Buffer) => isWanted(body, wanted);
      return table.dump({ type: GET, fixed: header(0) }, (body) => (isAsked(body) ? flowOf(body) : undefined));
    };
    const flows = last.then(begin, begin);
    last = flows.catch(() => undefined);
    return { wanted, flows };
  };
  return {
    list: async (addresses) => {
      const asked = addresses === "all" ? "all" : new Set(addresses);
      if (asked !== "all" && asked.size === 0) return [];
      waiting ??= walk();
      const { wanted, flows } = waiting;
      if (asked === "all") wanted.add(ALL);
      else for (const ip of asked) wanted.add(keyOf(bytesOfIp(ip)));
      const found = await flows;
      return asked === "all"
        ? found
        : found.filter(({ orig, reply }) => [orig.src, orig.dst, reply.src, reply.dst].some((ip) => asked.has(ip)));
    },
    remove: async (flows) => done(netfilter.change(flows.map((flow) => about(flow, DELETE, (to) => to.bigEndian(CTA.ID, flow.id))))),
    now: async (flows) => {
      const found = netfilter.gets(
        flows.map((flow) => about(flow, GET, () => undefined)),
        flowOf,
        [ENOENT],
      );
      return flows.map(({ id }, at) => (found[at]?.id === id ? found[at] : undefined));
    },
    // A change asks for the ends alone; so soon after, nobody else has the same ones.
    mark: async (flows, mark) => done(netfilter.change(flows.map((flow) => about(flow, NEW, (to) => to.bigEndian(CTA.MARK, mark))))),
  };
}

/** One look at the whole table, and the addresses that it is for: no key of an address is ALL. */
interface Walk {
  readonly wanted: Set<string>;
  readonly flows: Promise<readonly Flow[]>;
}

const ALL = "all";

/** What has ended by itself is done with. */
function outcomeOf(refusal: Refusal | undefined): Outcome {
  return refusal === undefined || refusal.errno === ENOENT ? DONE : { state: "failed", reason: refusal.reason };
}

/** `nfgenmsg` */
function header(family: number): Buffer {
  return Buffer.from([family, 0, 0, 0]);
}

function about({ family, protocol, orig, zone }: Flow, type: number, more: (to: MessageWriter) => void): Question {
  return {
    type,
    fixed: header(familyNumber(family)),
    fill: (to) => {
      to.nest(CTA.TUPLE_ORIG, () => writeEnds(to, orig, protocol));
      if (zone !== undefined) to.attribute(CTA.ZONE, short(zone));
      more(to);
    },
  };
}

function writeEnds(to: MessageWriter, { src, dst, sport, dport, icmp }: FlowEnds, protocol: number): void {
  const six = familyOf(src) === 6;
  to.nest(TUPLE.IP, () => {
    to.attribute(six ? IP.V6_SRC : IP.V4_SRC, bytesOfIp(src));
    to.attribute(six ? IP.V6_DST : IP.V4_DST, bytesOfIp(dst));
  });
  to.nest(TUPLE.PROTO, () => {
    to.attribute(PROTO.NUM, Buffer.from([protocol]));
    if (sport !== undefined) to.attribute(PROTO.SRC_PORT, short(sport));
    if (dport !== undefined) to.attribute(PROTO.DST_PORT, short(dport));
    const numbers = ICMP[protocol];
    if (icmp === undefined || numbers === undefined) return;
    to.attribute(numbers.id, short(icmp.id));
    to.attribute(numbers.type, Buffer.from([icmp.type]));
    to.attribute(numbers.code, Buffer.from([icmp.code]));
  });
}

function short(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function flowOf(body: Buffer): Flow | undefined {
  const found = attributesIn(body, 4);
  const [orig, reply, zone] = [found.get(CTA.TUPLE_ORIG), found.get(CTA.TUPLE_REPLY), found.get(CTA.ZONE)];
  if (orig === undefined || reply === undefined) return undefined;
  return {
    id: found.get(CTA.ID)?.readUInt32BE(0) ?? 0,
    family: body[0] === AF_INET6 ? 6 : 4,
    protocol: protocolIn(orig),
    orig: endsIn(orig),
    reply: endsIn(reply),
    mark: found.get(CTA.MARK)?.readUInt32BE(0) ?? 0,
    ...(((found.get(CTA.STATUS)?.readUInt32BE(0) ?? 0) & OFFLOADED) === 0 ? {} : { offloaded: true as const }),
    ...(zone === undefined ? {} : { zone: zone.readUInt16BE(0) }),
  };
}

function protocolIn(tuple: Buffer): number {
  return attributeIn(attributeIn(tuple, TUPLE.PROTO) ?? Buffer.alloc(0), PROTO.NUM)?.[0] ?? 0;
}

function endsIn(tuple: Buffer): FlowEnds {
  const [src, dst] = addressesIn(tuple).map(ipOfBytes) as [Ip, Ip];
  const proto = attributesIn(attributeIn(tuple, TUPLE.PROTO) ?? Buffer.alloc(0));
  const [sport, dport] = [PROTO.SRC_PORT, PROTO.DST_PORT].map((type) => proto.get(type)?.readUInt16BE(0));
  const numbers = ICMP[proto.get(PROTO.NUM)?.[0] ?? 0];
  const id = numbers === undefined ? undefined : proto.get(numbers.id)?.readUInt16BE(0);
  const icmp =
    numbers === undefined || id === undefined
      ? undefined
      : { type: proto.get(numbers.type)?.[0] ?? 0, code: proto.get(numbers.code)?.[0] ?? 0, id };
  return { src, dst, ...(sport === undefined ? {} : { sport }), ...(dport === undefined ? {} : { dport }), ...(icmp && { icmp }) };
}

function addressesIn(tuple: Buffer): readonly Buffer[] {
  return [...attributesIn(attributeIn(tuple, TUPLE.IP) ?? Buffer.alloc(0)).values()];
}

function keyOf(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** Asked before anything is made of a flow: most are not. */
function isWanted(body: Buffer, wanted: ReadonlySet<string>): boolean {
  return [CTA.TUPLE_ORIG, CTA.TUPLE_REPLY].some((side) => {
    const tuple = attributeIn(body, side, 4);
    return tuple !== undefined && addressesIn(tuple).some((bytes) => wanted.has(keyOf(bytes)));
  });
}
