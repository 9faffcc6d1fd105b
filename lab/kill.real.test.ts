/**
 * Agents, BIRD, dnsmasq and the controller are killed by SIGKILL, one after the other, while packets flow: none is lost of what may
 * pass, nothing passes that may not, a lease that is asked for meanwhile comes, and in the end all is as it was.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { processesWith, signalProcess } from "#adapters/linux/process.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { down } from "./down.ts";
import { PING, groupAllowing, tcpTo } from "./group.real.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { agentName, agentState, controllerAnswers, controllerOf } from "./margay.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { inside, must, run } from "./program.ts";
import { raiseExample } from "./raise.ts";
import { killService } from "./service.ts";
import { leftAtOnce } from "./silence.real.ts";
import { startAgent, startController } from "./standing.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { attempts, connections, conversation, goOn, pings, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { addVm } from "./vm.ts";
import type { Vm } from "./vm-record.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("kill");
let center: DataCenter;
let vms: { readonly a: Vm; readonly b: Vm };
const streams: Stream[] = [];

before(async () => {
  center = await raiseExample(LAB, "guide");
  await groupAllowing(LAB, "web", [PING, tcpTo(80), tcpTo(7)]);
  vms = {
    a: await addVm(LAB, { name: "a", host: "h1", network: "external", groups: ["web"] }),
    b: await addVm(LAB, { name: "b", host: "h2", network: "internal", groups: ["web"] }),
  };
});

after(async () => {
  for (const stream of streams) stream.end();
  await down(LAB);
});

test("killed in any order under traffic, nothing is lost, nothing opens, and nothing is left behind", { timeout: 115_000 }, async (t) => {
  const [[a4, a6], [b4, b6]] = [addressesOf(vms.a), addressesOf(vms.b)];
  const out = outsideHost(center.lab);
  const [outside, a, b] = [machineNetns(LAB, OUTSIDE.name), vmNetns(LAB, "a"), vmNetns(LAB, "b")];
  const h1 = center.hosts.find(({ name }) => name === "h1")?.ipv4 as Ip;
  streams.push(
    pings({ what: "outside to a by IPv4", netns: outside, to: a4 }),
    pings({ what: "outside to a by IPv6", netns: outside, to: a6 }),
    pings({ what: "b to a by IPv4", netns: b, to: a4 }),
    pings({ what: "a to b by IPv6", netns: a, to: b6 }),
    pings({ what: "b out through the gateway", netns: b, to: out.ipv4 }),
    conversation({ what: "a conversation of outside with a", netns: outside, to: a4, port: 7, server: a }),
    conversation({ what: "a conversation of a with b by IPv6", netns: a, to: b6, port: 7, server: b }),
    connections({ what: "new connections from outside to a", netns: outside, to: a4, port: 80 }),
    connections({ what: "new connections from b to a by IPv6", netns: b, to: a6, port: 80 }),
  );
  const forbidden = [
    attempts({ what: "outside to a port that no rule opens", netns: outside, to: a4, port: 22 }),
    attempts({ what: "outside to the private range", netns: outside, to: b4, port: 80 }),
    attempts({ what: "a to BGP of its host", netns: a, to: h1, port: 179 }),
    attempts({ what: "b to a port that no rule opens", netns: b, to: a6, port: 22 }),
  ];
  streams.push(...forbidden);
  await goOn(streams, 3);
  const troubled = () => troublesOf(streams);
  assert.deepEqual(await troubled(), [], "before anything was killed");
  const held = await holdings();

  let before: readonly string[] = [];
  for (const victim of orderOf(Number(process.env["MARGAY_SEED"] ?? 20261123))) {
    const from = performance.now();
    await KILLS[victim]?.();
    const now = await troubled();
    t.diagnostic(`${victim}: back after ${Math.round(performance.now() - from)} ms, ${now.length - before.length} lost`);
    const summary = Map.groupBy(now.slice(before.length), (line) => line.split(":")[0] ?? "");
    for (const [what, lines] of summary) t.diagnostic(`  ${what}: ${lines.length}, from ${lines[0]} to ${lines.at(-1)}`);
    before = now;
  }
  await until({ what: "all to be as it was", timeout: 20_000 }, async () => differing(held, await holdings()));
  const lost = await troubled();
  t.diagnostic(`passed: ${streams.map((stream) => `${stream.what} ${stream.count()}`).join(", ")}`);
  assert.deepEqual(lost, []);
});

test(
  "a host that falls silent is out of the others' tables within a second, by the agents of the reflectors alone",
  { timeout: 60_000 },
  async (t) => {
    const [a4] = addressesOf(vms.a);
    const led = async () => {
      const all = await Promise.all(["h2", "gw1"].map((machine) => kernelRoutes(machineNetns(LAB, machine), 4)));
      return all.filter((routes) => routes.some(({ dst, protocol, type }) => dst === a4 && protocol === "bird" && type === undefined))
        .length;
    };
    assert.equal(await led(), 2);
    await leftAtOnce(t, {
      netns: machineNetns(LAB, "h1"),
      missing: async () => ((await led()) === 0 ? undefined : "it is not"),
      back: async () => {
        await until({ what: "h1 to be back", timeout: 20_000 }, async () => ((await led()) === 2 ? undefined : "it is not"));
        await until({ what: "BFD to be up", timeout: 10_000 }, async () => {
          const socket = `${agentState(LAB, "rr1")}/bird/bfd.ctl`;
          const { stdout } = await run(inside(machineNetns(LAB, "rr1"), ["birdc", "-s", socket, "show", "bfd", "sessions"]));
          return stdout.match(/ Up /g)?.length === 3 ? undefined : stdout;
        });
      },
    });
  },
);

/** Each is killed, and is back when the next one comes; of those that nobody starts again but an operator, at once. */
const KILLS: Readonly<Record<string, () => Promise<void>>> = {
  ...Object.fromEntries(["h1", "h2", "rr1"].map((machine) => [`the agent of ${machine}`, () => killAgent(machine)])),
  ...Object.fromEntries(["h1", "h2", "rr1"].map((machine) => [`BIRD of ${machine}`, () => killDaemon(machine, "bird")])),
  ...Object.fromEntries(["h1", "gw1", "rr1"].map((machine) => [`what speaks BFD on ${machine}`, () => killDaemon(machine, "bfd")])),
  "dnsmasq of h1": () => killDaemon("h1", "dnsmasq"),
  "dnsmasq of h2, and b asks for its lease": async () => {
    await killDaemon("h2", "dnsmasq", lease);
  },
  "the controller": async () => {
    await killService(LAB, controllerOf(LAB, center).name);
    await startController(LAB);
    await controllerAnswers(LAB, center);
  },
  "the agent and BIRD of h1 at once": async () => {
    for (const one of daemonsOf("h1", "bird")) signalProcess(one, "SIGKILL");
    await killAgent("h1");
    await back("h1", "bird");
  },
};

/** Each once, in an order that follows from the seed. */
function orderOf(seed: number): string[] {
  let state = seed;
  const chance = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const all = Object.keys(KILLS).map((name) => [chance(), name] as const);
  return all.toSorted(([one], [other]) => one - other).map(([, name]) => name);
}

async function killAgent(machine: string): Promise<void> {
  await killService(LAB, agentName(machine));
  startAgent(LAB, machine);
}

async function killDaemon(machine: string, name: string, meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
  for (const one of daemonsOf(machine, name)) signalProcess(one, "SIGKILL");
  await Promise.all([back(machine, name), meanwhile()]);
}

function daemonsOf(machine: string, name: string) {
  return processesWith(`MARGAY_DAEMON=${agentState(LAB, machine)} ${name}`);
}

/**
 * It runs, its sessions are established, and it has taken back what it had said. Whoever kills it again before that makes its peers
 * forget what they kept for it (RFC 4724, 4.2).
 */
async function back(machine: string, name: string): Promise<void> {
  await until({ what: `${name} of ${machine} to be back`, timeout: 20_000 }, async () => {
    if (daemonsOf(machine, name).length === 0) return "it does not run";
    if (name !== "bird") return undefined;
    const socket = `${agentState(LAB, machine)}/bird/bird.ctl`;
    const { stdout } = await run(inside(machineNetns(LAB, machine), ["birdc", "-s", socket, "show", "protocols", "all"]));
    const sessions = stdout.split("\n").filter((line) => / BGP +---/.test(line));
    if (stdout.includes("GR recovery:")) return "it recovers";
    return sessions.length > 0 && sessions.every((line) => line.includes("Established")) ? undefined : sessions.join("; ") || stdout;
  });
}

/** As a guest that asks again when nobody answers. */
async function lease(): Promise<void> {
  const ended = await run(inside(vmNetns(LAB, "b"), ["udhcpc", "-f", "-q", "-n", "-t", "10", "-T", "1", "-s", "/bin/true", "-i", "eth0"]), {
    timeout: 12_000,
  });
  assert.equal(ended.status, 0, `no lease: ${ended.stderr}`);
}

/** What every machine holds, without what counts and what numbers processes have. */
async function holdings(): Promise<string> {
  const machines = ["h1", "h2", "rr1", "gw1"].map(async (machine) => {
    const state = agentState(LAB, machine);
    const look = `nft -s list ruleset; ip -4 route | sort; ip -6 route | sort; ip neigh show nud permanent | sort; ip -br addr | sort
      cd ${state}; find bird dnsmasq -type f 2>/dev/null | sort | xargs -r sha256sum; ls run | sed 's/\\.[0-9-]*\\.pid$/.pid/'`;
    const text = await must(inside(machineNetns(LAB, machine), ["sh", "-c", look]));
    const running = ["bird", "dnsmasq"].map((name) => `${daemonsOf(machine, name).length} ${name}`);
    return [
      ...text
        .replaceAll(/ (linkdown|pref \w+|expires \S+)/g, "")
        .split("\n")
        .toSorted(),
      ...running,
    ].map((line) => `${machine}: ${line}`);
  });
  return (await Promise.all(machines)).flat().join("\n");
}

function differing(one: string, other: string): string | undefined {
  const [first, second] = [new Set(one.split("\n")), new Set(other.split("\n"))];
  const lines = [
    ...[...first].filter((line) => !second.has(line)).map((line) => `- ${line}`),
    ...[...second].filter((line) => !first.has(line)).map((line) => `+ ${line}`),
  ];
  return lines.length === 0 ? undefined : lines.join("\n");
}

function addressesOf(vm: Vm): [Ip, Ip] {
  const ips = vm.nics.flatMap(({ addresses }) => addresses);
  return [ips.find((ip) => familyOf(ip) === 4) ?? assert.fail(vm.name), ips.find((ip) => familyOf(ip) === 6) ?? assert.fail(vm.name)];
}
