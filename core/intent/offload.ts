/**
 * Flow offload: where the kernel can, established flows pass by prerouting, forwarding and postrouting (nf_flow_table), and cost less than
 * without a filter. A flow is known by the interface that it comes in on as well as by its ends, so nobody else's packets are taken for
 * its own. Whose packets must be seen one by one is on the slow path: both directions of all of its flows.
 *
 * Nobody waits for any of it but for the two names that rules refer to: where it cannot be made, packets take the way that they take on
 * kernels without it.
 */
import type { Endpoint, View } from "../feed/item.ts";
import { isStateless } from "../feed/stateless.ts";
import { nftRef } from "../kinds/nft.ts";
import type { NftChain, NftElement, NftFlowtable } from "../kinds/nft.ts";
import type { Offload } from "../kinds/offload.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { perValue } from "./memo.ts";
import { inet, ports, quoted } from "./nft-parts.ts";

/** What the kernel of a machine can do, as its agent found out. */
export interface Machine {
  readonly offload: boolean;
}

export const PLAIN: Machine = { offload: false };

export const FLOWTABLE: NftFlowtable = inet.flowtable("fast", "hook ingress priority 0;");

/**
 * Nothing else refers to the flowtable, so that both can be made anew together. A flow is put there by a packet of a VM that has an address
 * of its own: the kernel sends its answers to where that one came in from (nft_flow_route), which is where the address leads only
 * if it is the sender's. Whoever may send in others' names would have their answers.
 */
export const FAST_PATH: NftChain = inet.chain(
  "fast-path",
  ["ip saddr @sources4", "ip6 saddr @sources6"].map(
    (own) => `iifname != @slow-path oifname != @slow-path iifname . ether saddr . ${own} flow add @${FLOWTABLE.name}`,
  ),
);

/** First in `forward`: a flow with any mark is one that somebody has something to say about. What is not taken here goes on as ever. */
export const TO_FAST_PATH = "ct state established ct mark 0 meta l4proto vmap @fast-path";

/** What rules refer to stands before they do. */
export const OFFLOAD_FRAME: readonly Nft[] = [inet.map("fast-path", "type inet_proto : verdict;"), inet.set("slow-path", "type ifname;")];

const [TCP, UDP] = ["6", "17"];
const toFastPath = (protocol: string): NftElement => inet.element("fast-path", [protocol], { value: `jump ${FAST_PATH.name}` });

/** What makes it work. */
export const OFFLOADING: readonly Wanted<Nft>[] = caused<Nft>(BY_DATACENTER, [FLOWTABLE, FAST_PATH, ...[TCP, UDP].map(toFastPath)]);

/** Each of its packets is asked about, or counts against a limit; or its VM is on its way from one host to another. */
export function takesSlowPath(view: View, endpoint: Endpoint, host: string): boolean {
  return endpoint.limits.length > 0 || endpoint.host !== host || isStateless(view, endpoint);
}

export const slowPathOf = perValue((endpoint: Endpoint) =>
  caused<Nft>([ports(endpoint)], [inet.element("slow-path", [quoted(endpoint.tap)])]),
);

/** No endpoint waits for its tap to be on the list, nor does it fail because of it. */
export function offloadOn(dev: string): Wanted<Offload> {
  return { value: { dev, after: [nftRef("inet", "flowtable", FLOWTABLE.name)] }, because: BY_DATACENTER };
}
