/**
 * BGP on a compute host: it announces the routes of its own endpoints and learns those of the others and the default
 * route. Both ways by positive list: nothing but single addresses inside the declared ranges leaves, and nothing but
 * those and the default route comes in.
 */
import type { DataCenter, Machine } from "../datacenter/data-center.ts";
import { MARGAY_PROTOCOL, UNANNOUNCED_METRIC } from "../kinds/route.ts";
import { birdIntent, fabricChannel, fabricSession, fabricTemplate, kernelProtocol, preamble } from "./bgp.ts";
import { channelsOf, routeClasses } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { block, text } from "./bgp-text.ts";
import { ENDPOINT_METRIC } from "./endpoint.ts";
import type { Line } from "./bgp-text.ts";
import type { Intent } from "./intent.ts";

/** Nothing for a host that the data centre does not know: it has no address on the fabric, and nobody would listen. */
export function computeBgp(dc: DataCenter, host: string): Partial<Intent> {
  const machine = dc.hosts.find(({ name }) => name === host);
  return machine === undefined ? {} : birdIntent(computeBird(dc, machine), [`link/${dc.fabric.interface}`]);
}

/** The text of a compute host's bird.conf. */
export function computeBird(dc: DataCenter, host: Machine): string {
  const channels = channelsOf(dc);
  const [role, peers] = dc.fabric.peering === "direct" ? (["gateway", dc.gateways] as const) : (["reflector", dc.reflectors] as const);
  return text([
    ...preamble(dc, host),
    ...channels.flatMap(routeClasses),
    ...channels.flatMap(kernelSide),
    ...channels.map(heard),
    fabricTemplate(
      dc,
      host,
      channels.map((channel) => fabricChannel(dc, host, { channel, policy: fabricPolicy(channel) })),
    ),
    ...peers.map((peer) => fabricSession(dc, peer, { role, lines: [] })),
  ]);
}

/**
 * The local preference of an endpoint route is UNANNOUNCED_METRIC less its metric: of two hosts that hold one address, the one with
 * the smaller metric is taken by all. This is the one of an endpoint that never moved.
 */
const USUAL_PREFERENCE = UNANNOUNCED_METRIC - ENDPOINT_METRIC;

/**
 * Between protocols BIRD goes by their preference. It is that of BGP within the AS, doubled, and one more for own routes: they win
 * over whatever another host says of the same address, unless the VM has moved there since (its local preference is greater).
 */
const preference = (own: 0 | 1) => `preference = ${200 + own} + 2 * (bgp_local_pref - ${USUAL_PREFERENCE});`;

/** Endpoint routes are Margay's own routes on taps. */
function kernelSide(channel: Channel): readonly Line[] {
  const { family } = channel;
  return [
    block(`filter learn${family}`, [
      `if krt_source = ${MARGAY_PROTOCOL} && ifname ~ "tap*" && krt_metric < ${UNANNOUNCED_METRIC} && endpoint${family}() then {`,
      `  bgp_local_pref = ${UNANNOUNCED_METRIC} - krt_metric;`,
      `  preference = 201;`,
      `  if bgp_local_pref > ${USUAL_PREFERENCE} then ${preference(1)}`,
      `  accept;`,
      `}`,
      `reject;`,
    ]),
    kernelProtocol(channel, { learn: "learn;", policy: [`import filter learn${family};`, "export where source = RTS_BGP;"] }),
  ];
}

function heard({ family, anywhere }: Channel): string {
  return block(`filter heard${family}`, [
    `if endpoint${family}() then {`,
    `  if bgp_local_pref > ${USUAL_PREFERENCE} then ${preference(0)}`,
    "  accept;",
    "}",
    `if net = ${anywhere} then accept;`,
    "reject;",
  ]);
}

function fabricPolicy({ family }: Channel): readonly Line[] {
  return [`import filter heard${family};`, `export where source = RTS_INHERIT && endpoint${family}();`, "gateway direct;", "add paths rx;"];
}
