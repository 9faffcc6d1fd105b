/**
 * What a guest may say to the DHCP server, which serves all guests of the host and by itself would believe each of them about
 * whom it speaks for. What dnsmasq 2.90 taught: a DHCPRELEASE with another's hardware address takes the lease from the other, a DHCPDECLINE
 * the address for ten minutes; of DHCPv6, a Rebind is given any address that it names (and whose that is, is refused it afterwards), and a
 * relay is believed about the MAC that it tells. Who is behind a tap DHCPv6 is told by its host lines (dhcp-hosts.ts). No guest keeps it
 * from the others by asking all the time.
 */
import type { Endpoint } from "../feed/item.ts";
import type { Nft } from "../kinds/nft.ts";
import { caused } from "./caused.ts";
import { perValue } from "./memo.ts";
import { inet, ports, quoted } from "./nft-parts.ts";
import { refused } from "./refusal.ts";

/** The client's hardware address: 28 octets into what UDP carries (RFC 2131, 2), behind a header of eight. */
const CHADDR = "@th,288,48";

/** The address of a relay, which is answered wherever it says that it is; a guest is none. */
const NO_RELAY = "@th,256,32 0";

/**
 * The first octet of what UDP carries: Solicit, Request, Confirm, Renew, Release, Decline, Information-request (RFC 8415, 7.3). Who would
 * rebind is answered when it renews, whichever dnsmasq is there by then, and solicits when it has had no answer.
 */
const OWN_MESSAGES = "@th,64,8 { 1, 3, 4, 5, 8, 9, 11 }";

/**
 * How often a guest may ask: many times what clients do, who wait longer after each try. There is one server for all, and it waits up to
 * half a second for a guest that asks by DHCPv6 and does not answer for its address.
 */
const PACES = [
  { set: "paced-dhcp4", of: "udp dport 67", rate: "20/second burst 100 packets" },
  { set: "paced-dhcp6", of: "udp dport 547", rate: "20/minute burst 40 packets" },
] as const;

/** The kernel fills these by itself; who has not asked for so long may ask as if for the first time. */
const PACED = "type ifname; size 4096; flags dynamic,timeout; timeout 2m;";

/** For the chain that decides what VMs may ask of their host, before it accepts what belongs to a flow: forged and true ones are one flow. */
export const DHCP_RULE = "udp dport { 67, 547 } goto to-dhcp";

export const DHCP_CHAIN: readonly Nft[] = [
  inet.set("dhcp-clients", `typeof iifname . ${CHADDR};`),
  ...PACES.map(({ set }) => inet.set(set, PACED)),
  inet.chain("to-dhcp", [
    ...PACES.map(({ set, of, rate }) => `${of} update @${set} { iifname limit rate over ${rate} } ${refused("pace")}`),
    `meta nfproto ipv4 udp sport 68 udp dport 67 ${NO_RELAY} iifname . ${CHADDR} @dhcp-clients accept`,
    `ip6 saddr fe80::/10 udp sport 546 udp dport 547 ${OWN_MESSAGES} accept`,
    refused("lease"),
  ]),
];

/**
 * Of an endpoint that is served, whether or not it is checked for anything else. The MACs of its pairs are not among them: one may be
 * another port's own, and nothing is given for any.
 */
export const dhcpClientOf = perValue((each: Endpoint) =>
  caused<Nft>([ports(each)], [inet.element("dhcp-clients", [quoted(each.tap), `0x${each.mac.replaceAll(":", "")}`])]),
);
