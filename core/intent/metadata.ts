/**
 * The way from a VM to the agent that answers for its metadata, and back, whatever its security groups say. Only a tap with its own
 * address gets in: over IPv4 both are checked together, so that nobody asks in the name of another, not even a port without
 * port security or with another's address as a pair; over IPv6 the caller is known by its tap alone.
 *
 * These packets are not tracked: link-local addresses of IPv6 are the same on many taps, where tracking knows no interface, and no
 * VM can fill the table with them. How fast a VM opens connections is limited before the agent hears of it.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { ipv6Ranges } from "../datacenter/ranges.ts";
import type { Endpoint } from "../feed/item.ts";
import { METADATA6 } from "../kinds/address.ts";
import { OWN_LINK_PREFIX } from "../kinds/link.ts";
import type { Link } from "../kinds/link.ts";
import type { Nft } from "../kinds/nft.ts";
import { DOOR, INSIDE6, METADATA4, METADATA_PORT } from "../metadata/place.ts";
import { familyOf } from "../net/address.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { perValue, perValueAnd } from "./memo.ts";
import { arp, inet, ports, quoted, TAPS } from "./nft-parts.ts";

/** Carries the addresses that the agent answers on. */
export const METADATA_LINK = `${OWN_LINK_PREFIX}-meta`;

/** What all endpoints share. */
export const metadata = perValue((dc: DataCenter) => ({
  links: caused(BY_DATACENTER, [linkOf(ipv6Ranges(dc).length > 0)]),
  nft: caused(BY_DATACENTER, FRAME),
}));

/** Of an endpoint that is served. */
export const callersOf = perValue((each: Endpoint) => caused([ports(each)], callers(each)));

/** Of an endpoint that is served: where its IPv6 ends. */
export const metadataAddressOf = perValueAnd((each: Endpoint, dc: DataCenter) =>
  ipv6Ranges(dc).length === 0 ? [] : caused([ports(each)], [{ dev: each.tap, ip: METADATA6 }]),
);

function linkOf(six: boolean): Link {
  const addresses = [{ ip: METADATA4, length: 32 }, ...(six ? [{ ip: INSIDE6, length: 128 }] : [])];
  return { name: METADATA_LINK, own: { addresses } };
}

function callers({ tap, addresses }: Endpoint): Nft[] {
  const four = addresses.map(({ ip }) => ip).filter((ip) => familyOf(ip) === 4);
  return four.map((ip) => inet.element("callers", [quoted(tap), ip]));
}

/** For the chain that decides what VMs may ask of their host: what was sent on to the agent's door. */
export const METADATA_RULE = `ct state untracked tcp dport ${DOOR} goto metadata-calls`;

/** For what comes from elsewhere: machines of the fabric do not get there. */
export const METADATA_CLOSED: readonly string[] = [
  `iifname != "lo" ip daddr ${METADATA4} counter drop`,
  `iifname != "lo" ip6 daddr ${INSIDE6} counter drop`,
];

const TO_DOOR = `tcp dport ${METADATA_PORT} notrack tcp dport set ${DOOR}`;
const FROM_DOOR = `tcp sport ${DOOR} notrack tcp sport set ${METADATA_PORT}`;
const OPENING = "tcp flags & (syn | ack) == syn";

/** Of taps alone, after the sender was checked and before connection tracking: part of the chain that does the one, as every chain costs every packet. */
export const METADATA_CALLED: readonly string[] = [
  `ip daddr ${METADATA4} iifname . ip saddr @callers ${TO_DOOR}`,
  `ip6 daddr ${METADATA6} ip6 saddr fe80::/10 ${TO_DOOR} ip6 daddr set ${INSIDE6}`,
];

/** For whoever passes by that chain. Over IPv6 it is asked for from link-local addresses alone, of which no port has one as its own. */
export const NOT_METADATA4 = `ip daddr != ${METADATA4}`;

const FRAME: readonly Nft[] = [
  inet.set("callers", "type ifname . ipv4_addr;"),
  // Filled by the rule that looks into it.
  inet.set("calls", "type ifname; flags dynamic,timeout; timeout 10s; size 65536;"),
  inet.chain(
    "metadata-answers",
    [`oifname ${TAPS} ip saddr ${METADATA4} ${FROM_DOOR}`, `oifname ${TAPS} ip6 saddr ${INSIDE6} ${FROM_DOOR} ip6 saddr set ${METADATA6}`],
    "type filter hook output priority raw; policy accept;",
  ),
  inet.chain("metadata-calls", [
    `${OPENING} update @calls { iifname limit rate over 100/second burst 200 packets } counter drop`,
    `ip daddr ${METADATA4} accept`,
    `ip6 daddr ${INSIDE6} accept`,
    "counter drop",
  ]),
  // Nobody on the fabric learns that the address is here: it may be somebody else's there.
  arp.chain(
    "metadata",
    [`oifname != ${TAPS} arp saddr ip ${METADATA4} counter drop`],
    "type filter hook output priority filter + 10; policy accept;",
  ),
];
