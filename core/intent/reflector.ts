/**
 * A route reflector: tells every host and gateway what the others said, as they said it, next hops included (RFC 4456).
 * It has no kernel routes and forwards nothing. Each client may say only what its part in the data centre is: a host
 * the routes to endpoints on itself, a gateway the default route and its own pool. Neighbours are listed one by one,
 * so that a session that should be there and is not can be told.
 */
import type { View } from "../feed/item.ts";
import type { DataCenter, Gateway, Machine } from "../datacenter/data-center.ts";
import { birdIntent, fabricChannel, fabricSession, fabricTemplate, HOST_ROUTES, preamble, routerId } from "./bgp.ts";
import { addressOn, channelsOf, routeClasses } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { block, prefixSet, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { merge, NOTHING } from "./intent.ts";
import type { Intent } from "./intent.ts";
import { sharedPool } from "./pnat-pool.ts";

/** Everything that the reflector named `host` must hold: nothing until it is known which data centre it reflects. */
export function compileReflector({ datacenter: dc }: View, host: string): Intent {
  const machine = dc?.reflectors.find(({ name }) => name === host);
  if (dc === undefined || machine === undefined) return NOTHING;
  const fabric = dc.fabric.interface;
  return merge([{ links: caused(BY_DATACENTER, [{ name: fabric }]) }, birdIntent(reflectorBird(dc, machine), [`link/${fabric}`])]);
}

/** The text of a reflector's bird.conf. */
export function reflectorBird(dc: DataCenter, reflector: Machine): string {
  const channels = channelsOf(dc);
  return text([
    ...preamble(dc, reflector),
    ...channels.flatMap(routeClasses),
    fabricTemplate(dc, reflector, [
      `rr cluster id ${routerId(dc, reflector)};`,
      ...channels.map((channel) => fabricChannel(dc, reflector, { channel, policy: ["gateway direct;", "add paths on;"] })),
    ]),
    ...dc.hosts.map((peer) =>
      fabricSession(dc, peer, { role: "host", lines: [...CLIENT, ...channels.map((channel) => ofHost(channel, peer))] }),
    ),
    ...dc.gateways.map((peer) =>
      fabricSession(dc, peer, { role: "gateway", lines: [...CLIENT, ...channels.map((channel) => ofGateway(dc, channel, peer))] }),
    ),
    ...dc.reflectors
      .filter(({ name }) => name !== reflector.name)
      .map((peer) => fabricSession(dc, peer, { role: "reflector", lines: channels.map(ofReflector) })),
  ]);
}

/** Clients connect; they know best when they are there. */
const CLIENT: readonly Line[] = ["passive;", "rr client;"];

/** The next hop is part of what is checked: a host that names another as the way to an address would draw its traffic there. */
function ofHost(channel: Channel, host: Machine): string {
  const { family, name, anywhere } = channel;
  return block(name, [...fromHost(channel, host), `export where endpoint${family}() || net = ${anywhere};`]).concat(";");
}

/** What is believed of a host: single addresses inside the ranges, reached by that host itself. */
export function fromHost({ family }: Channel, host: Machine): readonly Line[] {
  return [`import where endpoint${family}() && bgp_next_hop = ${addressOn(host, family)};`, `import limit ${HOST_ROUTES} action block;`];
}

/** Another reflector is a peer, no client (RFC 4456, section 6): it tells us what its clients said, having checked it as we do. */
function ofReflector({ family, name, anywhere, pools }: Channel): string {
  const known = [`endpoint${family}()`, `net = ${anywhere}`, ...(pools.length > 0 ? [`net ~ POOLS${family}`] : [])].join(" || ");
  return block(name, [`import where ${known};`, `export where ${known};`]).concat(";");
}

function ofGateway(dc: DataCenter, { family, name, anywhere, pools }: Channel, gateway: Gateway): string {
  const own = family === 4 ? sharedPool(dc, gateway) : [];
  const said = own.length > 0 ? `(net = ${anywhere} || net ~ ${prefixSet(own)})` : `net = ${anywhere}`;
  return block(name, [
    `import where ${said} && bgp_next_hop = ${addressOn(gateway, family)};`,
    pools.length > 0 ? `export where endpoint${family}() || net ~ POOLS${family};` : `export where endpoint${family}();`,
  ]).concat(";");
}
