/**
 * Floating IPs on the host of the port that they lead to. Inbound they become the port's own address before anything is
 * routed or asked of its groups; outbound its own address becomes the floating one after that, towards the outside alone:
 * inside, ports know each other by their own addresses. What leads to a port elsewhere (one of several that share a floating
 * IP) is sent on in the name of the floating IP, so that answers come back to where the translation is known.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { machinePrefixes } from "../datacenter/racks.ts";
import { rangesOf } from "../datacenter/ranges.ts";
import type { Endpoint, Floating, Forward } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { perValue } from "./memo.ts";
import { anyOf, contentNames, inet, ports, TAPS } from "./nft-parts.ts";
import { outermost } from "./policy-host.ts";
import { refused } from "./refusal.ts";

/** What endpoints that are served share; nothing for a family in which none has a floating IP: then no packet is asked about it. */
export function floating(dc: DataCenter, endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  const used = ([4, 6] as const).filter((family) =>
    endpoints.some((endpoint) => endpoint.floating.some(({ ip }) => familyOf(ip) === family)),
  );
  return [...caused(BY_DATACENTER, frame(dc, used)), ...waysIn(endpoints)];
}

/** All of the data centre's own addresses. */
function insideOf(dc: DataCenter, family: Family): readonly Cidr[] {
  const all = [...rangesOf(dc), ...machinePrefixes(dc)];
  return outermost(all.filter((range) => familyOf(range) === family));
}

/** nft's word for the header of a family. */
const HEADERS = { 4: "ip", 6: "ip6" } as const;

function frame(dc: DataCenter, families: readonly Family[]): readonly Nft[] {
  if (families.length === 0) return [];
  const lead = families.map((family) => `${HEADERS[family]} daddr vmap @floating${family}`);
  return [
    ...families.flatMap((family) => [
      inet.map(`floating${family}`, `type ipv${family}_addr : verdict;`),
      inet.map(`leaving${family}`, `type ipv${family}_addr : ipv${family}_addr;`),
      inet.set(`hairpins${family}`, `type ipv${family}_addr . ipv${family}_addr;`),
    ]),
    inet.chain("to-floating", lead, "type nat hook prerouting priority dstnat; policy accept;"),
    // The host itself talks to floating IPs too. (nft knows no name for this priority at this hook.)
    inet.chain("own-to-floating", lead, "type nat hook output priority -100; policy accept;"),
    inet.chain(
      "from-floating",
      families.flatMap((family) => outward(dc, family)),
      "type nat hook postrouting priority srcnat; policy accept;",
    ),
  ];
}

function outward(dc: DataCenter, family: Family): readonly string[] {
  const header = HEADERS[family];
  return [
    // A VM that asks for itself by its floating IP would take an answer from its own address for a forgery.
    `${header} saddr . ${header} daddr @hairpins${family} snat ${header} to ct original ${header} daddr`,
    `meta nfproto ipv${family} ct status dnat oifname != ${TAPS} snat ${header} to ct original ${header} daddr`,
    `${header} daddr != ${anyOf(insideOf(dc, family))} snat ${header} to ${header} saddr map @leaving${family}`,
  ];
}

interface Way {
  readonly floating: Floating;
  readonly rules: readonly string[];
  readonly because: readonly string[];
}

/** One element for each floating IP leads to a chain that is named after what it says, as with the rules of groups. */
function waysIn(endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  const ways = endpoints.flatMap((endpoint) =>
    endpoint.floating.map((each): Way => ({ floating: each, rules: rulesOf(each), because: [ports(endpoint), `floatingip/${each.id}`] })),
  );
  const text = ({ rules }: Way) => rules.join("\n");
  const names = contentNames("lead", ways.map(text));
  const users = Map.groupBy(ways, text);
  return [
    ...[...names].map(([content, name]) => ({
      value: inet.chain(name, content.split("\n")),
      because: (users.get(content) ?? []).flatMap(({ because }) => because),
    })),
    ...ways.map((way) => ({
      value: inet.element(`floating${familyOf(way.floating.ip)}`, [way.floating.ip], {
        value: `goto ${names.get(text(way)) ?? ""}`,
      }),
      because: way.because,
    })),
  ];
}

/** Ports that nobody forwards end here: the VM would not know the address. */
function rulesOf({ stands_for: whole, forwards }: Floating): readonly string[] {
  return whole === null ? [...forwards.map(forwardRule), refused("forward")] : [`counter dnat ${HEADERS[familyOf(whole)]} to ${whole}`];
}

function forwardRule({ protocol, external, to, internal }: Forward): string {
  const header = HEADERS[familyOf(to)];
  const target = header === "ip" ? to : `[${to}]`;
  const match = `${protocol} dport ${external.first === external.last ? external.first : `${external.first}-${external.last}`} counter`;
  if (internal.first === internal.last) return `${match} dnat ${header} to ${target}:${internal.first}`;
  if (internal.first === external.first) return `${match} dnat ${header} to ${to}`;
  const each = Array.from({ length: external.last - external.first + 1 }, (_, at) => `${external.first + at} : ${internal.first + at}`);
  return `${match} dnat ${header} to ${target}:${protocol} dport map { ${each.join(", ")} }`;
}

/** An endpoint's own, of one that is served. Outbound, an address has one floating IP: the first, where several external networks each have one for it. */
export const waysOutOf = perValue((endpoint: Endpoint): Wanted<Nft>[] => {
  const first = new Map<Ip, Floating>();
  for (const each of endpoint.floating) if (each.stands_for !== null && !first.has(each.stands_for)) first.set(each.stands_for, each);
  const leaving = [...first].map(([own, { id, ip }]) => ({
    value: inet.element(`leaving${familyOf(own)}`, [own], { value: ip }),
    because: [ports(endpoint), `floatingip/${id}`],
  }));
  const asked = ledTo(endpoint).map((own) => inet.element(`hairpins${familyOf(own)}`, [own, own]));
  return [...leaving, ...caused([ports(endpoint)], asked)];
});

/** Addresses of the endpoint that a floating IP leads to. */
function ledTo({ addresses, claims, floating: all }: Endpoint): readonly Ip[] {
  const targets = new Set(all.flatMap(({ stands_for: whole, forwards }) => [whole, ...forwards.map(({ to }) => to)]));
  return [...addresses, ...claims.filter(({ held }) => held)].map(({ ip }) => ip).filter((ip) => targets.has(ip));
}
