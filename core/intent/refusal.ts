/**
 * Where packets end that may not pass: a chain for each reason. It tells the kernel's log group of a few of them, so that a stock tool
 * shows what is refused and why (`tcpdump -n -XX -i nflog:88`), and drops them all. How many are told is limited for each interface,
 * so that a flood costs no more than being dropped, and hides nobody else's packets.
 */
import type { Nft } from "../kinds/nft.ts";
import { inet } from "./nft-parts.ts";

/** Margay's log group (nfnetlink_log), the number that its routes' protocol has as well. */
export const LOG_GROUP = 88;

/** By reason: what the log says, and which end's interface the limit is kept for. */
const REASONS = {
  stranger: { says: "unknown tap", by: "iifname" },
  forged: { says: "sender is not its own", by: "iifname" },
  role: { says: "acts as router or DHCP server", by: "iifname" },
  newcomer: { says: "has had too many link-local addresses", by: "iifname" },
  pace: { says: "more DHCP than a client needs", by: "iifname" },
  lease: { says: "DHCP that may be for another", by: "iifname" },
  advert: { says: "speaks for another's address", by: "iifname" },
  tunnel: { says: "tunnel", by: "iifname" },
  invalid: { says: "belongs to no flow", by: "iifname" },
  cut: { says: "its flow was cut", by: "iifname" },
  machine: { says: "to a machine of the fabric", by: "iifname" },
  host: { says: "to the host", by: "iifname" },
  egress: { says: "no egress rule", by: "iifname" },
  ingress: { says: "no ingress rule", by: "oifname" },
  forward: { says: "no port forwarding", by: "iifname" },
} as const satisfies Readonly<Record<string, { readonly says: string; readonly by: "iifname" | "oifname" }>>;

export type Reason = keyof typeof REASONS;

/** The end of a rule. */
export function refused(reason: Reason): string {
  return `goto refused-${reason}`;
}

/** The kernel fills these sets by itself; a tap that was quiet for a minute is forgotten. */
const TOLD = { iifname: "told-out", oifname: "told-in" } as const;
const TYPE = "type ifname; size 4096; flags dynamic,timeout; timeout 1m;";

export const REFUSALS: readonly Nft[] = [
  inet.set(TOLD.iifname, TYPE),
  inet.set(TOLD.oifname, TYPE),
  ...Object.entries(REASONS).map(([reason, { says, by }]) =>
    inet.chain(`refused-${reason}`, [
      `update @${TOLD[by]} { ${by} limit rate 10/second burst 20 packets } log prefix "margay: ${says}: " group ${LOG_GROUP}`,
      "counter drop",
    ]),
  ),
];
