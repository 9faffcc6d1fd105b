/**
 * What every BIRD of the data centre has in common: the daemon and its one file, how a configuration begins, and the
 * session on the fabric. Who says what to whom is in bgp-compute, reflector and gateway-bgp.
 */
import type { DataCenter, Machine } from "../datacenter/data-center.ts";
import { asnOf, racksOf } from "../datacenter/racks.ts";
import type { Daemon } from "../kinds/daemon.ts";
import { digest } from "../kinds/digest.ts";
import type { Ref } from "../kinds/kind.ts";
import { bitsOf, ipOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { addressOn, sessionFamily } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { block, protocolName } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import type { Intent } from "./intent.ts";

const PATH = "bird/bird.conf";
const CONTROL = "{state}/bird/bird.ctl";

/** BIRD in the foreground with this configuration. `after`: what must stand before it may speak. */
export function birdIntent(content: string, after: readonly Ref[]): Pick<Intent, "files" | "daemons"> {
  const value: Daemon = {
    name: "bird",
    // -R: a BIRD that starts takes what the kernel holds for the work of its predecessor until its peers have spoken (RFC 4724).
    argv: ["bird", "-f", "-R", "-c", `{state}/${PATH}`, "-s", CONTROL, "-P", "{state}/run/bird.pid"],
    startedWith: "",
    loaded: digest(content),
    // birdc ends with 1 when BIRD refuses the configuration (replies 8xxx and 9xxx), and says why.
    reload: { argv: ["birdc", "-s", CONTROL, "configure"] },
    ready: ["birdc", "-s", CONTROL, "show", "status"],
    stamp: "Last reconfiguration on",
    after: [`file/${PATH}`, ...after],
  };
  return { files: caused(BY_DATACENTER, [{ path: PATH, content }]), daemons: caused(BY_DATACENTER, [value]) };
}

/** How every configuration begins. */
export function preamble(dc: DataCenter, machine: Machine): readonly Line[] {
  return [
    `# ${machine.name}: written by Margay from the data centre ${dc.name}; changes made here are lost.`,
    "log stderr { info, warning, error, fatal, bug, auth, remote };",
    `router id ${routerId(dc, machine)};`,
    // How long a starting BIRD waits for peers that do not come back, before it takes the kernel's old routes for stale.
    "graceful restart wait 10;",
    // BIRD 2.0 goes to sleep for up to 3 s with a table still to be sent, unless a timer wakes it: this one does, once a second.
    // A scan costs half a percent of a core where there are 500 taps.
    "protocol device { scan time 1; }",
  ];
}

/** The address on an IPv4 fabric; without one, the last 32 bits of the IPv6 address (RFC 6286: unique within the AS, not zero). */
export function routerId(dc: DataCenter, machine: Machine): Ip {
  const address = addressOn(machine, sessionFamily(dc));
  return ipOf(4, bitsOf(address) & 0xffff_ffffn);
}

/** Kernel routes of one family, `learn`ed or only written. `persist`: they outlive BIRD, so that packets flow while it is restarted. */
export function kernelProtocol(
  { family, name }: Channel,
  { learn, policy }: { readonly learn?: Line; readonly policy: readonly Line[] },
): string {
  return block(`protocol kernel kernel${family}`, [
    learn,
    "persist;",
    "graceful restart;",
    "merge paths on;",
    "scan time 20;",
    block(name, policy).concat(";"),
  ]);
}

/** `restart`: how long the other end keeps the routes of one that is starting again (RFC 4724). */
export const SECONDS = { hold: 30, keepalive: 10, connectRetry: 1, restart: 30 } as const;

/**
 * A peer that is gone without a word is noticed after 30 s; a session that failed is tried again within seconds. The
 * delays before connecting are short so that a data centre that starts as a whole talks after a second or two.
 */
export const TIMERS: readonly Line[] = [
  `hold time ${SECONDS.hold};`,
  `startup hold time ${SECONDS.hold};`,
  `keepalive time ${SECONDS.keepalive};`,
  "connect delay time 1;",
  `connect retry time ${SECONDS.connectRetry};`,
  "error wait time 1, 10;",
];

/** The template of BGP on the core segment; `lines` hold blocks made by `fabricChannel`. */
export function fabricTemplate(dc: DataCenter, machine: Machine, lines: readonly Line[]): string {
  return sessionTemplate("fabric", { local: `local ${addressOn(machine, sessionFamily(dc))} as ${asnOn(dc, machine)};`, lines });
}

/** What sessions have in common that go over one link (`direct`) and outlive a restart of either end's BIRD. */
export function sessionTemplate(name: string, { local, lines }: { readonly local?: Line; readonly lines: readonly Line[] }): string {
  return block(`template bgp ${name}`, [local, "direct;", "graceful restart on;", "graceful restart time 30;", ...TIMERS, ...lines]);
}

/** The AS that a machine speaks for on the core segment: a top-of-rack router for its rack's. */
export function asnOn(dc: DataCenter, { name }: Machine): number {
  return asnOf(
    dc,
    racksOf(dc).find(({ tor }) => tor.name === name),
  );
}

/** A channel in a fabric session. The family that the session does not run over is told its next hop explicitly. */
export function fabricChannel(dc: DataCenter, machine: Machine, { channel, policy }: ChannelPolicy): string {
  const own = channel.family === sessionFamily(dc) ? undefined : `next hop address ${addressOn(machine, channel.family)};`;
  return block(channel.name, [own, ...policy]).concat(";");
}

export interface ChannelPolicy {
  readonly channel: Channel;
  readonly policy: readonly Line[];
}

/** One session on the fabric, named after the peer's part there. */
export function fabricSession(
  dc: DataCenter,
  peer: Machine,
  { role, lines }: { readonly role: string; readonly lines: readonly Line[] },
): string {
  const neighbour = `neighbor ${addressOn(peer, sessionFamily(dc))} as ${asnOn(dc, peer)};`;
  return block(`protocol bgp '${protocolName(role, peer.name)}' from fabric`, [neighbour, ...lines]);
}

/** Far more endpoints than a host has: what a host that has lost its mind may announce per family. */
export const HOST_ROUTES = 10_000;
