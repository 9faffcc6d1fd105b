/**
 * A Linux gateway: everything it must hold. BGP is in gateway-bgp, what may pass and what is translated in gateway-nft,
 * the pool in pnat-pool; here are the kernel's settings, and the order in which the parts come to stand.
 */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import { gatewaysHear } from "../datacenter/peering.ts";
import { coreInterfaces } from "../datacenter/segments.ts";
import type { View } from "../feed/item.ts";
import { refOf } from "../kinds/kind.ts";
import type { Ref } from "../kinds/kind.ts";
import { link } from "../kinds/link.ts";
import type { Link } from "../kinds/link.ts";
import { nftRef } from "../kinds/nft.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import { birdIntent } from "./bgp.ts";
import type { Speech } from "./bgp.ts";
import { assignedIn } from "./assigned.ts";
import { bfdBird } from "./bfd.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { gatewayBird } from "./gateway-bgp.ts";
import { closed, gatewayMaps, gatewayNft } from "./gateway-nft.ts";
import { merge, NOTHING } from "./intent.ts";
import type { Intent } from "./intent.ts";
import { addressesOf, poolOf } from "./pnat-pool.ts";
import { relayChains, relaySysctls } from "./relay.ts";
import { severalWays } from "./several-ways.ts";

/** Holds the pool's addresses: what is local is answered for by ARP on the uplink. */
export const PNAT_LINK = "margay-pnat";

/**
 * Everything that the gateway named `host` must hold: nothing until it is known which data centre it is the way out of. One that is no longer
 * part of it forwards nothing: some host may not have heard yet, and what it sends would leave untranslated.
 */
export function compileGateway({ datacenter: dc, assignments }: View, host: string): Intent {
  const gateway = dc?.gateways.find(({ name }) => name === host);
  if (dc === undefined) return NOTHING;
  if (gateway === undefined) return { ...NOTHING, nft: caused(BY_DATACENTER, closed()) };
  const nft = [...gatewayMaps(dc, gateway), ...gatewayNft(dc, gateway), ...relayChains(dc, gateway)];
  const links = linksOf(dc, gateway);
  // Routes come from BIRD, and packets with the routes: it is not started before the rules stand.
  const stands: readonly Ref[] = [
    ...links.map((each) => refOf(link, each)),
    ...nft.map(({ object, family, name }) => nftRef(family, object, name)),
  ];
  return merge([
    {
      links: caused(BY_DATACENTER, links),
      sysctls: caused(BY_DATACENTER, [...sysctlsOf(dc, gateway), ...relaySysctls(dc, gateway)]),
      nft: caused(BY_DATACENTER, nft),
    },
    birdIntent(speechOf(dc, gateway, assignments), stands),
  ]);
}

/** Where it hears hosts itself, it has to know what they may say. */
function speechOf(dc: DataCenter, gateway: Gateway, assignments: View["assignments"]): Speech {
  const bfd = bfdBird(dc, gateway.name);
  if (assignments === undefined || !gatewaysHear(dc)) return { bgp: gatewayBird(dc, gateway), bfd };
  return { bgp: gatewayBird(dc, gateway, "assigned"), assigned: assignedIn(dc, assignments), bfd };
}

function linksOf(dc: DataCenter, gateway: Gateway): readonly Link[] {
  const pool = poolOf(dc, gateway);
  const held = pool === undefined ? [] : addressesOf(pool).filter((ip) => ip !== gateway.upstream.ipv4?.local.ip);
  const own = { addresses: held.map((ip) => ({ ip, length: 32 })).toSorted((a, b) => (a.ip < b.ip ? -1 : 1)) };
  const facts = [...coreInterfaces(dc), gateway.upstream.interface].map((name) => ({ name }));
  return held.length > 0 ? [...facts, { name: PNAT_LINK, own }] : facts;
}

/** Where it has several ways into the fabric, none is gone by that has no carrier. */
function sysctlsOf(dc: DataCenter, { upstream }: Gateway): readonly Sysctl[] {
  const links = coreInterfaces(dc);
  return [...routerSysctls([...links, upstream.interface]), ...(links.length > 1 ? severalWays(links) : [])];
}

/**
 * A router that neither takes nor gives advice about routes. Reverse path filters are off: with two gateways a flow may
 * leave by one and return by the other; who may send as whom is the nftables' part.
 */
export function routerSysctls(interfaces: readonly string[]): readonly Sysctl[] {
  const own = ["all", "default", ...interfaces];
  return [
    { path: "net/ipv4/ip_forward", value: "1" },
    { path: "net/ipv6/conf/all/forwarding", value: "1" },
    ...own.flatMap((name) => [
      { path: `net/ipv4/conf/${name}/rp_filter`, value: "0" },
      { path: `net/ipv4/conf/${name}/send_redirects`, value: "0" },
      { path: `net/ipv4/conf/${name}/accept_redirects`, value: "0" },
      { path: `net/ipv4/conf/${name}/accept_source_route`, value: "0" },
      { path: `net/ipv6/conf/${name}/accept_redirects`, value: "0" },
      { path: `net/ipv6/conf/${name}/accept_ra`, value: "0" },
    ]),
  ];
}
