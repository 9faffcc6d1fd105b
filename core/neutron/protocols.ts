/**
 * IP protocols as security group rules name them: Neutron's names (IANA's numbers), or a number from 0 to 255. What is
 * stored is what was sent, lower-case; sameness goes by number.
 */

/** Neutron's names. `icmpv6` is the legacy name of `ipv6-icmp`. */
const NUMBERS: Readonly<Record<string, number>> = {
  ah: 51,
  dccp: 33,
  egp: 8,
  esp: 50,
  gre: 47,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ip: 0,
  ipip: 4,
  "ipv6-encap": 41,
  "ipv6-frag": 44,
  "ipv6-icmp": 58,
  icmpv6: 58,
  "ipv6-nonxt": 59,
  "ipv6-opts": 60,
  "ipv6-route": 43,
  ospf: 89,
  pgm: 113,
  rsvp: 46,
  sctp: 132,
  tcp: 6,
  udp: 17,
  udplite: 136,
  vrrp: 112,
};

export const PROTOCOL_NAMES: readonly string[] = Object.keys(NUMBERS);

export const ICMP = 1;
export const ICMP6 = 58;

/** Protocols whose rules may name destination ports. */
const WITH_PORTS = ["tcp", "udp", "sctp", "dccp", "udplite"] as const;
export const PORT_PROTOCOL_NAMES: readonly string[] = WITH_PORTS.map((name) => name.toUpperCase());
const PORT_NUMBERS: ReadonlySet<number | undefined> = new Set(WITH_PORTS.map((name) => NUMBERS[name]));

/** IPv6's extension headers and ICMPv6: meaningless in a rule for IPv4. */
const IPV6_ONLY: ReadonlySet<number> = new Set([41, 43, 44, ICMP6, 59, 60]);

/** The number of a name or of digits, 0 to 255; undefined for anything else. */
export function protocolNumber(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : undefined;
  return Object.hasOwn(NUMBERS, text) ? NUMBERS[text] : undefined;
}

export function hasPorts(protocol: number): boolean {
  return PORT_NUMBERS.has(protocol);
}

export function isIcmp(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMP6;
}

export function isIpv6Only(protocol: number): boolean {
  return IPV6_ONLY.has(protocol);
}
