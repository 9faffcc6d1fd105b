/**
 * The provider's router in the lab. It originates a default route per family, tells and believes everything, and filters
 * nothing: whatever a gateway leaks arrives here and can be seen.
 */
import { carriedFamilies } from "#core/datacenter/sessions.ts";
import type { DataCenter, Gateway } from "#core/datacenter/data-center.ts";
import type { Family } from "#core/net/address.ts";
import { block, protocolName, text } from "#core/intent/bgp-text.ts";
import { guarded, TIMERS } from "#core/intent/bgp.ts";

/** bird.conf of the router that all gateways have as their upstream. `outside`: its interface towards the outside networks. */
export function providerBird(dc: DataCenter, outside: string): string {
  const carried = carriedFamilies(dc);
  return text([
    "# The provider's router.",
    "log stderr { info, warning, error, fatal, bug, auth, remote };",
    `router id ${ROUTER_ID};`,
    "protocol device { scan time 1; }",
    dc.gateways.some(({ upstream }) => upstream.bfd !== undefined) ? "protocol bfd { accept direct; }" : undefined,
    block("protocol direct outside", ["ipv4;", "ipv6;", `interface ${JSON.stringify(outside)};`]),
    ...([4, 6] as const).flatMap(family),
    ...dc.gateways.flatMap((gateway) => carried.map((version) => session(dc, gateway, version))),
  ]);
}

/** An address of the documentation range (RFC 5737): no machine of a data centre has it. */
const ROUTER_ID = "192.0.2.1";

/** The default route is only told; the router itself has nowhere further to send. */
function family(version: Family): readonly string[] {
  const channel = version === 4 ? "ipv4" : "ipv6";
  return [
    block(`protocol static default${version}`, [`${channel};`, `route ${version === 4 ? "0.0.0.0/0" : "::/0"} unreachable;`]),
    block(`protocol kernel kernel${version}`, [
      "merge paths on;",
      block(channel, ["import none;", "export where source = RTS_BGP;"]).concat(";"),
    ]),
  ];
}

function session(dc: DataCenter, { name, upstream }: Gateway, version: Family): string | undefined {
  const ends = version === 4 ? upstream.ipv4 : upstream.ipv6;
  if (ends === undefined) return undefined;
  return block(`protocol bgp '${protocolName(`customer${version}`, name)}'`, [
    `local ${ends.peer} as ${upstream.asn};`,
    `neighbor ${ends.local.ip} as ${dc.fabric.asn};`,
    upstream.bfd && `bfd { interval ${upstream.bfd.interval} ms; multiplier ${upstream.bfd.multiplier}; };`,
    ...TIMERS,
    ...guarded(upstream.guard),
    block(version === 4 ? "ipv4" : "ipv6", ["import all;", "export all;", "next hop self;"]).concat(";"),
  ]);
}
