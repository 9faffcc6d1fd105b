/**
 * A compute host out of a network namespace that holds an intent by the real drivers, with guests in namespaces behind it
 * and an outside in front. All of it is gone after the test. No tests of its own: the file is named so that core stays without I/O.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { linuxAddresses } from "#adapters/linux/addresses.ts";
import { systemClock } from "#adapters/clock/system.ts";
import { cutFlows } from "#adapters/linux/flows.ts";
import { linuxDaemons } from "#adapters/linux/daemons.ts";
import { linuxFiles } from "#adapters/linux/files.ts";
import { linuxLinks } from "#adapters/linux/links.ts";
import { linuxNeighbours } from "#adapters/linux/neighbours.ts";
import { linuxRoutes } from "#adapters/linux/routes.ts";
import { testNetns } from "#adapters/linux/test-name.real.ts";
import { offloadedFlows } from "#adapters/linux/offloaded-flows.ts";
import { netlinkFlows } from "#adapters/netlink/flows.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import { linkLives } from "#adapters/linux/link-lives.ts";
import type { Kernel } from "#adapters/netlink/kernel.ts";
import { canOffload } from "#adapters/nft/ability.ts";
import { packetFilter } from "#adapters/nft/nftables.ts";
import type { PacketFilter } from "#adapters/nft/nftables.ts";
import { output, programs } from "#adapters/programs/programs.ts";
import { DONE } from "#contracts/driver.ts";
import type { Driver } from "#contracts/driver.ts";
import type { Flows } from "#contracts/flows.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import type { RunProgram } from "#contracts/program.ts";
import { flowAudit } from "#engine/flow-audit.ts";
import { round } from "#engine/round.ts";
import type { RoundResult } from "#engine/round.ts";
import { track } from "#engine/track.ts";
import type { Track } from "#engine/track.ts";
import type { Endpoint, View } from "../../feed/item.ts";
import { address } from "../../kinds/address.ts";
import { daemon } from "../../kinds/daemon.ts";
import type { Daemon } from "../../kinds/daemon.ts";
import { file } from "../../kinds/file.ts";
import { link } from "../../kinds/link.ts";
import { neighbour } from "../../kinds/neighbour.ts";
import { nft } from "../../kinds/nft.ts";
import { offload } from "../../kinds/offload.ts";
import { route } from "../../kinds/route.ts";
import { sysctl } from "../../kinds/sysctl.ts";
import type { Sysctl } from "../../kinds/sysctl.ts";
import type { Change } from "../../reconcile/diff.ts";
import { hostSideMac, linkLocal } from "../../net/mac.ts";
import { compileParts } from "../compile.ts";

export interface Place {
  /** Its namespace. */
  readonly name: string;
  readonly run: RunProgram;
  readonly kernel: Kernel;
  /** Runs a shell line there, and throws its words when it fails. */
  sh(line: string): Promise<string>;
  /** Does a shell line succeed there within a few seconds? */
  can(line: string): Promise<boolean>;
  /** A program that runs there until the test ends. */
  start(argv: readonly string[]): ChildProcess;
}

export interface Host extends Place {
  readonly state: string;
  /** One round, and a look at the flows that it concerns. */
  hold(view: View): Promise<RoundResult>;
  /** A guest behind a tap, link up, without addresses. */
  guest(endpoint: Endpoint): Promise<Place>;
  /** What dnsmasq wrote so far. */
  dhcpLog(): string;
}

/** A test, or whatever else ends and then does these things. */
export type Ends = Pick<TestContext, "after">;

let count = 0;

/** A namespace with `lo` up. */
export async function place(t: Ends): Promise<Place> {
  const name = testNetns(`e${count++}`);
  const here = programs();
  await output(here, ["ip", "netns", "add", name]);
  t.after(() => output(here, ["ip", "netns", "del", name]));
  const run = programs({ under: ["ip", "netns", "exec", name], limitMs: 20_000 });
  // Without the seconds that a kernel waits for somebody else to claim its address.
  await output(run, ["sh", "-ec", "ip link set lo up; sysctl -qw net.ipv6.conf.default.accept_dad=0"]);
  const start = (argv: readonly string[]) => {
    const child = spawn("ip", ["netns", "exec", name, ...argv], { stdio: "ignore", detached: true });
    t.after(() => ended(child));
    return child;
  };
  const can = async (line: string) => (await run(["timeout", "4", "sh", "-ec", line])).code === 0;
  const kernel = kernelOf(name);
  t.after(kernel.close);
  return { name, run, kernel, sh: (line) => output(run, ["sh", "-ec", line]), can, start };
}

/** Ends a program and whatever it started. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGTERM");
  await gone;
}

/** Host `h1` of the guide's data centre, without a fabric. */
export async function host(t: Ends): Promise<Host> {
  const here = await place(t);
  const state = mkdtempSync(join(tmpdir(), "mg-e-"));
  const under = ["ip", "netns", "exec", here.name];
  const links = linkLives(here.kernel);
  const daemons = linuxDaemons({ run: here.run, state, under, links });
  t.after(async () => {
    // Ends by itself, for what tells of links may be closed already.
    const last = linuxDaemons({ run: here.run, state, under });
    const held = await last.list([]);
    await last.apply(held.map((have) => ({ op: "delete", ref: `daemon/${have.name}`, have })));
    // Guests may still be writing there.
    rmSync(state, { recursive: true, maxRetries: 10, retryDelay: 50 });
  });
  // Where this machine's kernel can, as its agent would.
  const machine = { offload: canOffload(here.name) };
  const filter = packetFilter({ ...here.kernel, run: here.run, offloads: machine.offload });
  const flows = offloadedFlows(netlinkFlows(here.kernel), filter.endOffload);
  const tracks = tracksOf(here, { state, daemons, flows, filter });
  const audit = flowAudit({ host: "h1", flows, clock: systemClock(), log: fakeLog() });
  t.after(audit.stop);
  const guest = async (endpoint: Endpoint) => {
    const inside = await place(t);
    const { tap, mac } = endpoint;
    await here.sh(
      `ip link add ${tap} address ${hostSideMac(mac)} type veth peer name eth0 address ${mac} netns ${inside.name}; ip link set ${tap} up`,
    );
    await inside.sh("ip link set eth0 up");
    await eventually("a link-local address", () => inside.can("ip -6 addr show dev eth0 scope link -tentative | grep -q fe80"));
    return inside;
  };
  const hold = async (view: View) => {
    const result = await round(tracks, compileParts(view, { host: "h1", role: "compute", machine }), { prune: true });
    audit.finished(result.news, view);
    return result;
  };
  return { ...here, state, hold, guest, dhcpLog: () => readFileSync(join(state, "log", "dnsmasq.log"), "utf8") };
}

interface Workshop {
  readonly state: string;
  readonly daemons: Driver<Daemon>;
  readonly flows: Flows;
  readonly filter: PacketFilter;
}

/** All kinds, and of the daemons every dnsmasq: BGP has its own tests. */
function tracksOf(here: Place, { state, daemons, flows, filter }: Workshop): Track[] {
  return [
    track(link, linuxLinks(here.kernel), (part) => part.links),
    track(sysctl, sysctlsOf(here), (part) => part.sysctls),
    track(nft, filter.nft, (part) => part.nft),
    track(neighbour, linuxNeighbours(here.kernel), (part) => part.neighbours),
    track(address, linuxAddresses(here.kernel), (part) => part.addresses),
    track(file, linuxFiles({ state, owned: ["dnsmasq", "bird"] }), (part) => part.files),
    track(daemon, daemons, (part) => part.daemons?.filter(({ value }) => value.argv[0] === "dnsmasq")),
    track(route, linuxRoutes({ ...here.kernel, cut: cutFlows(flows) }), (part) => part.routes),
    track(offload, filter.offloads, (part) => part.offloads),
  ];
}

/** /proc/sys of another namespace: read and written by programs there, many settings at once. */
function sysctlsOf({ sh }: Place): Driver<Sysctl> {
  const inParts = async <T>(all: readonly T[], line: (part: readonly T[]) => string) => {
    const lines: string[] = [];
    for (let from = 0; from < all.length; from += 500)
      lines.push(...(await sh(line(all.slice(from, from + 500)))).split("\n").filter((each) => each !== ""));
    return lines;
  };
  return {
    list: async (want) => {
      // Not by a shell's `read`: it takes one byte after the other, and /proc/sys gives the first alone.
      const lines = await inParts(want, (part) => `grep -sH '' ${part.map(({ path }) => `/proc/sys/${path}`).join(" ")} || true`);
      return lines.flatMap((line) => {
        const [, path, value] = /^\/proc\/sys\/([^:]+):(.*)$/.exec(line) ?? [];
        return path === undefined || value === undefined ? [] : [{ path, value: value.trim().replaceAll(/\s+/g, " ") }];
      });
    },
    apply: async (changes) => {
      const write = (change: Change<Sysctl>) =>
        change.op === "delete"
          ? "echo done"
          : `(echo ${change.want.value} > /proc/sys/${change.want.path}) 2>/dev/null && echo done || echo refused`;
      const words = await inParts(changes, (part) => part.map(write).join("\n"));
      return changes.map((_, at) => (words[at] === "done" ? DONE : { state: "failed", reason: words[at] ?? "nothing said" }));
    },
  };
}

/** Waits for a condition, not for a time. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `${what}: not within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What failed or waits in a round, in words. */
export function troubles({ entries, unknown }: RoundResult): string[] {
  const bad = entries.filter(({ outcome }) => outcome.state !== "done");
  return [
    ...unknown.map(({ kind, reason }) => `${kind}: ${reason}`),
    ...bad.map(({ ref, outcome }) => `${ref}: ${JSON.stringify(outcome)}`),
  ];
}

/** Objects that a round changed. */
export function changed({ entries }: RoundResult): string[] {
  return entries.filter(({ op, outcome }) => op !== "keep" && outcome.state === "done").map(({ op, ref }) => `${op} ${ref}`);
}

/** The fabric, and behind it everything else: 192.168.100.1 is a machine of the fabric, 203.0.113.10 is outside. */
export async function outside(t: Ends, h: Host): Promise<Place> {
  const wan = await place(t);
  await wan.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
  await h.sh(`ip link add fab0 type veth peer name fab0 netns ${wan.name}; ip link set fab0 up
    ip addr add 192.168.100.11/24 dev fab0; ip addr add 2001:db8:a41:f::11/64 dev fab0 nodad
    ip route add default via 192.168.100.1; ip route add default via 2001:db8:a41:f::1`);
  await wan.sh(`ip link set fab0 up; ip addr add 192.168.100.1/24 dev fab0; ip addr add 2001:db8:a41:f::1/64 dev fab0 nodad
    ip addr add 203.0.113.10/32 dev lo; ip addr add 2001:db8:feed::10/128 dev lo
    ip route add 10.65.0.0/16 via 192.168.100.11; ip route add 172.18.208.0/24 via 192.168.100.11; ip route add 2001:db8:a41:2::/63 via 2001:db8:a41:f::11`);
  return wan;
}

/** By hand what DHCP and router advertisements would do. */
export async function addressed(guest: Place, { addresses, mac: own }: Endpoint): Promise<void> {
  for (const { ip: address } of addresses) {
    if (address.includes(":"))
      await guest.sh(`ip addr replace ${address}/128 dev eth0; ip route replace default via ${linkLocal(hostSideMac(own))} dev eth0`);
    else await guest.sh(`ip addr replace ${address}/16 dev eth0; ip route replace default via ${address.replace(/\.\d+$/, ".1")} dev eth0`);
  }
}

/** A shell line that tells whether an echo comes back. */
export const ping = (target: string, more = "") => `ping -q -c 1 -W 1 ${more} ${target}`;
/** A shell line that tells whether what is sent to a port comes back. */
export const tcp = (target: string, at: number) =>
  `test "$(echo hi | socat -t 1 - TCP:${target.includes(":") ? `[${target}]` : target}:${at},connect-timeout=1)" = hi`;

/** Sends back whatever comes in on a TCP port, of both families. */
export function listens(there: Place, at: number): Promise<void> {
  there.start(["socat", `TCP6-LISTEN:${at},fork,reuseaddr,ipv6only=0`, "EXEC:/bin/cat"]);
  return eventually(`port ${at} is open`, () => there.can(`ss -Hltn 'sport = ${at}' | grep -q .`));
}
