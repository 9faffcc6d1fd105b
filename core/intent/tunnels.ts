/**
 * Tunnels that carry packets or frames in the clear are closed to VMs unless the data centre opens them: what they hide goes by the
 * rules of nobody, and machines that end such tunnels take what comes for a part of their own network. VPNs (IPsec, WireGuard, OpenVPN)
 * are between two ends that know each other, and pass. A port without port security is not checked.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Nft } from "../kinds/nft.ts";
import { inet } from "./nft-parts.ts";
import { refused } from "./refusal.ts";

/** IPIP, 6in4, GRE, EtherIP, L2TPv3, MPLS in IP (IANA, protocol numbers). */
export const TUNNEL_PROTOCOLS: readonly number[] = [4, 41, 47, 97, 115, 137];

/** L2TP, GRE in UDP, VXLAN, VXLAN GPE, GENEVE, MPLS in UDP, and Linux's first port for VXLAN. */
export const TUNNEL_PORTS: readonly number[] = [1701, 4754, 4789, 4790, 6081, 6635, 8472];

export function areTunnelsClosed({ tunnels }: DataCenter): boolean {
  return tunnels !== "open";
}

/** The chain is there either way, so that whoever jumps to it need not know. */
export function tunnelGuard(dc: DataCenter): Nft[] {
  const closed = [
    `meta l4proto { ${TUNNEL_PROTOCOLS.join(", ")} } ${refused("tunnel")}`,
    `udp dport { ${TUNNEL_PORTS.join(", ")} } ${refused("tunnel")}`,
  ];
  return [inet.chain("no-tunnel", areTunnelsClosed(dc) ? closed : ["return"])];
}
