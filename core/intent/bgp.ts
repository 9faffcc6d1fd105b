/**
 * What every BIRD of the data centre has in common: the daemon and its one file, how a configuration begins, and the
 * session on the fabric. Who says what to whom is in bgp-compute, reflector and gateway-bgp.
 */
import type { DataCenter, Guard, Machine } from "../datacenter/data-center.ts";
import { asnOf, racksOf } from "../datacenter/racks.ts";
import type { Daemon } from "../kinds/daemon.ts";
import { digest } from "../kinds/digest.ts";
import type { File } from "../kinds/file.ts";
import type { Ref } from "../kinds/kind.ts";
import { bitsOf, ipOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { ASSIGNED } from "./assigned.ts";
import { addressOn, sessionFamily } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { block, protocolName } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import type { Intent } from "./intent.ts";

/** What a machine's BIRD reads. */
export interface Speech {
  readonly bgp: string;
  /** What the configuration includes of who has which address; absent: it asks for none. */
  readonly assigned?: string;
  /** For the process that speaks BFD; undefined: with nobody. */
  readonly bfd: string | undefined;
}

/** A file that a BIRD reads, in its directory. */
interface Page {
  readonly name: string;
  readonly content: string;
}

/** BIRD in the foreground with this configuration, and the one that speaks BFD. `after`: what must stand before they may speak. */
export function birdIntent({ bgp, assigned, bfd }: Speech, after: readonly Ref[]): Pick<Intent, "files" | "daemons"> {
  const main = [page("bird.conf", bgp), ...(assigned === undefined ? [] : [page(ASSIGNED, assigned)])];
  const answer = bfd === undefined ? [] : [page("bfd.conf", bfd)];
  const daemons = [birdNamed("bird", { pages: main, after }), ...(answer.length === 0 ? [] : [birdNamed("bfd", { pages: answer, after })])];
  const files = [...main, ...answer].map(({ name, content }): File => ({ path: `bird/${name}`, content }));
  return { files: caused(BY_DATACENTER, files), daemons: caused(BY_DATACENTER, daemons) };
}

function page(name: string, content: string): Page {
  return { name, content };
}

interface Bird {
  readonly pages: readonly Page[];
  readonly after: readonly Ref[];
}

/**
 * It begins with the file that bears its name. -R: a BIRD that starts takes what the kernel holds for the work of its predecessor until
 * its peers have spoken (RFC 4724).
 */
function birdNamed(name: string, { pages, after }: Bird): Daemon {
  const control = `{state}/bird/${name}.ctl`;
  return {
    name,
    argv: ["bird", "-f", "-R", "-c", `{state}/bird/${name}.conf`, "-s", control, "-P", `{state}/run/${name}.pid`],
    startedWith: neverChanged(pages),
    succeeds: "unasked",
    check: ["bird", "-p", "-c", `{state}/bird/${name}.conf`],
    loaded: digest(pages.map(({ content }) => content).join("\0")),
    // birdc ends with 1 when BIRD refuses the configuration (replies 8xxx and 9xxx), and says why.
    reload: { argv: ["birdc", "-s", control, "configure"] },
    ready: ["birdc", "-s", control, "show", "status"],
    stamp: "Last reconfiguration on",
    after: [...pages.map((each) => `file/bird/${each.name}` as const), ...after],
  };
}

/**
 * What a gateway and whoever speaks with it on the fabric agree on: so long it may be announced outside while it hears nobody, where no agent
 * is there to judge by BFD. Three messages may be late.
 */
export const PROMPT_SECONDS = { hold: 9, keepalive: 3 } as const;
export const PROMPT: readonly Line[] = [`hold time ${PROMPT_SECONDS.hold};`, `keepalive time ${PROMPT_SECONDS.keepalive};`];

/**
 * The AS numbers that it speaks for, and how its sessions are guarded. BIRD would take leave of everybody when it is told otherwise; one that
 * is followed by another process unasked is waited for with its routes in place (RFC 4724), and all machines change it in the same moment.
 */
function neverChanged(pages: readonly Page[]): string {
  const said = pages.flatMap(({ content }) => [...content.matchAll(SESSION_WORDS)]);
  return [...new Set(said.map(([, number, words]) => number ?? words))].join(" ");
}

const SESSION_WORDS = /^ *(?:local \S+ as (\d+)| +(include "[^"]*"|ttl security on));/gm;

/** How every configuration begins. `speaking`: interfaces on which BIRD speaks by that link-local address, whatever others the kernel has there. */
export function preamble(dc: DataCenter, machine: Machine, speaking: ReadonlyMap<string, Ip> = new Map()): readonly Line[] {
  const preferred = [...speaking].map(([link, ip]) => block(`interface ${JSON.stringify(link)}`, [`preferred ${ip};`]).concat(";"));
  return [
    `# ${machine.name}: written by Margay from the data centre ${dc.name}; changes made here are lost.`,
    "log stderr { info, warning, error, fatal, bug, auth, remote };",
    `router id ${routerId(dc, machine)};`,
    // How long a starting BIRD waits for peers that do not come back, before it takes the kernel's old routes for stale.
    "graceful restart wait 10;",
    // BIRD 2.0 goes to sleep for up to 3 s with a table still to be sent, unless a timer wakes it: this one does, once a second.
    // A scan costs half a percent of a core where there are 500 taps.
    preferred.length === 0 ? "protocol device { scan time 1; }" : block("protocol device", ["scan time 1;", ...preferred]),
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

/** The template of BGP on a core segment, of a machine as it is seen there; `lines` hold blocks made by `fabricChannel`. */
export function fabricTemplate(dc: DataCenter, machine: Machine, lines: readonly Line[], segment: 1 | 2 = 1): string {
  return sessionTemplate(templateOn(segment), {
    local: `local ${addressOn(machine, sessionFamily(dc))} as ${asnOn(dc, machine)};`,
    lines: [...guarded(dc.fabric.guard), ...lines],
  });
}

/** What a session says that is guarded. The password is in a file that BIRD alone reads. */
export function guarded({ ttl_security, password_file }: Guard = {}): readonly Line[] {
  return [ttl_security && "ttl security on;", password_file && `include ${JSON.stringify(password_file)};`];
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

const templateOn = (segment: 1 | 2): string => (segment === 1 ? "fabric" : "fabric2");

/** One session on a core segment, named after the peer's part there; `peer` as it is seen on it. */
export function fabricSession(
  dc: DataCenter,
  peer: Machine,
  { role, lines, segment = 1 }: { readonly role: string; readonly lines: readonly Line[]; readonly segment?: 1 | 2 },
): string {
  const neighbour = `neighbor ${addressOn(peer, sessionFamily(dc))} as ${asnOn(dc, peer)};`;
  return block(`protocol bgp '${protocolName(role, peer.name, segment)}' from ${templateOn(segment)}`, [neighbour, ...lines]);
}

/**
 * At most so many routes are kept of a neighbour, whether or not they are believed, and none is taken beyond; at four fifths of it BIRD
 * warns in its log. The session stays: who is cut off is worse off than who has said too much.
 */
export function limits(most: number): readonly Line[] {
  return [`receive limit ${most} action block;`, `import limit ${Math.floor(most * 0.8)} action warn;`];
}

/** Far more routes than a data centre has: what a host or gateway takes of the fabric, per family. */
export const FABRIC_ROUTES = 500_000;

/** Far more endpoints than a host has: what a host that has lost its mind may announce per family. */
export const HOST_ROUTES = 10_000;
