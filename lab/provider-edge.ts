/**
 * A data centre with nothing in it but routers: hosts, reflectors and gateways hold what their intents say, put there once
 * and without controller or agents, and VMs are namespaces on fake taps. For trying BGP, filters and translation with packets.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { birdNeighbourhood } from "#adapters/bird/neighbourhood.ts";
import { systemClock } from "#adapters/clock/system.ts";
import { linuxFiles } from "#adapters/linux/files.ts";
import { linuxLinks } from "#adapters/linux/links.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import { nftables } from "#adapters/nft/nftables.ts";
import { programs } from "#adapters/programs/programs.ts";
import type { Driver } from "#contracts/driver.ts";
import type { Log } from "#contracts/log.ts";
import { signalProcess } from "#adapters/linux/process.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { torsOf } from "#core/datacenter/racks.ts";
import { rangesOf } from "#core/datacenter/ranges.ts";
import type { View } from "#core/feed/item.ts";
import { leftBy } from "#core/intent/bfd.ts";
import { computeBgp } from "#core/intent/bgp-compute.ts";
import { compileGateway } from "#core/intent/gateway.ts";
import type { Intent } from "#core/intent/intent.ts";
import { compileReflector } from "#core/intent/reflector.ts";
import { compileTor } from "#core/intent/tor.ts";
import { file } from "#core/kinds/file.ts";
import type { Kind, Wanted } from "#core/kinds/kind.ts";
import { link } from "#core/kinds/link.ts";
import { nft } from "#core/kinds/nft.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { hostPrefix } from "#core/net/prefix.ts";
import { diff } from "#core/reconcile/diff.ts";
import { build, furnish, withoutDad } from "./build.ts";
import { clear } from "./down.ts";
import { gone } from "./inside.ts";
import { machineNetns, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { must } from "./program.ts";
import { startProvider } from "./provider-router.ts";
import { serveTcp, serveUdp } from "./serve.ts";
import { runningService, startService } from "./service.ts";
import { OUTSIDE, topologyOf } from "./topology.ts";

export interface EdgeVm {
  readonly name: string;
  readonly host: string;
  readonly addresses: readonly Ip[];
}

/** A lab, what is declared, and the VMs in it. */
export interface Edge {
  readonly lab: Lab;
  readonly dc: DataCenter;
  readonly vms: readonly EdgeVm[];
  /** Addresses that somebody assigned to hosts besides those of the VMs. */
  readonly assigned?: readonly { readonly host: string; readonly addresses: readonly Ip[] }[];
}

/** Namespaces, cables, VMs and everything that the intents say, but no BIRD yet. */
export async function raiseEdge(edge: Edge): Promise<void> {
  const { lab, dc, vms } = edge;
  const topology = topologyOf(dc);
  await lowerEdge(edge);
  for (const path of passwordFiles(dc)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'password "of the lab";\n', { mode: 0o600 });
  }
  await build(lab, topology);
  const outside = machineNetns(lab, OUTSIDE.name);
  serveTcp(outside);
  serveUdp(outside, topology.nodes.find(({ kind }) => kind === "outside")?.addresses.map(({ ip }) => ip) ?? []);
  for (const [name, intent] of intentsOf(edge)) await hold(edge, name, intent);
  await Promise.all(dc.hosts.map(({ name }) => forwarding(edge, name)));
  for (const vm of vms) await plug(lab, vm);
}

function passwordFiles({ fabric, gateways }: DataCenter): readonly string[] {
  return [fabric.guard, ...gateways.map(({ upstream }) => upstream.guard)].flatMap((guard) => guard?.password_file ?? []);
}

/** Removes it without trace, whatever there is of it. */
export async function lowerEdge({ lab, dc, vms }: Edge): Promise<void> {
  await clear([...topologyOf(dc).nodes.map(({ name }) => machineNetns(lab, name)), ...vms.map(({ name }) => vmNetns(lab, name))]);
  rmSync(lab.directory, { recursive: true, force: true });
  for (const path of passwordFiles(dc)) rmSync(path, { force: true });
}

/** Every BIRD of the data centre and the provider's. */
export function startBirds(edge: Edge): void {
  startProvider(edge.lab, edge.dc);
  for (const [name] of intentsOf(edge)) startBird(edge, name);
}

export function startBird(edge: Edge, machine: string): void {
  const { lab } = edge;
  for (const { value } of intentOf(edge, machine).daemons ?? [])
    startService(lab, {
      name: `${machine}-${value.name}`,
      argv: value.argv.map((word) => word.replaceAll("{state}", stateOf(lab, machine))),
      netns: machineNetns(lab, machine),
    });
}

/** Ends a machine's BIRD: as a crash would (SIGKILL), or in order (SIGTERM). */
export async function stopBird({ lab }: Edge, machine: string, how: "SIGKILL" | "SIGTERM"): Promise<void> {
  await endDaemon(lab, `${machine}-bird`, how);
}

/** The one that speaks BFD crashes. */
export async function killBfd({ lab }: Edge, machine: string): Promise<void> {
  await endDaemon(lab, `${machine}-bfd`, "SIGKILL");
}

async function endDaemon(lab: Lab, name: string, how: "SIGKILL" | "SIGTERM"): Promise<void> {
  const running = runningService(lab, name);
  if (running === undefined) throw new Error(`${name} does not run`);
  signalProcess(running, how);
  if (!(await gone([running], 5000))) throw new Error(`${name} does not end`);
}

/** With what the agents of these machines watch their neighbours (engine/neighbour-watch.ts). */
export function watchParts({ lab, dc }: Edge, log: Log, machines: readonly string[] = speakersOf(dc)) {
  return machines.map((name) => ({
    neighbourhood: birdNeighbourhood({ state: stateOf(lab, name), run: programsIn(lab, name) }),
    neighbours: () => leftBy(dc, name),
    clock: systemClock(),
    log,
  }));
}

function speakersOf(dc: DataCenter): readonly string[] {
  return [...dc.hosts, ...dc.reflectors, ...torsOf(dc), ...dc.gateways].map(({ name }) => name);
}

/** A machine's BIRD is made to read what follows from the data centre as it is now. */
export async function configure(edge: Edge, machine: string): Promise<void> {
  await holdFiles(edge, machine, intentOf(edge, machine).files ?? []);
  await askBird(edge, machine, "configure");
}

/** What `birdc` of a machine answers to one command. */
export function askBird({ lab }: Edge, machine: string, command: string): Promise<string> {
  return must(["birdc", "-s", join(stateOf(lab, machine), "bird/bird.ctl"), ...command.split(" ")], { timeout: 2000 });
}

/** The table of a machine's sessions of BFD. */
export function askBfd({ lab }: Edge, machine: string): Promise<string> {
  return must(["birdc", "-s", join(stateOf(lab, machine), "bird/bfd.ctl"), "show", "bfd", "sessions"], { timeout: 2000 });
}

/** One round for the nftables of a machine; answers how many of its objects were not as they should be. */
export function holdRules(edge: Edge, machine: string): Promise<number> {
  const { lab } = edge;
  const run = programsIn(lab, machine);
  const kernel = kernelOf(machineNetns(lab, machine));
  return once(nft, nftables({ run, ...kernel }), intentOf(edge, machine).nft ?? []).finally(kernel.close);
}

function intentOf(edge: Edge, machine: string): Partial<Intent> {
  return intentsOf(edge).find(([name]) => name === machine)?.[1] ?? {};
}

function intentsOf({ dc, vms, assigned = [] }: Edge): readonly (readonly [string, Partial<Intent>])[] {
  const view: View = {
    datacenter: dc,
    endpoints: new Map(),
    subnets: new Map(),
    groups: new Map(),
    members: new Map(),
    prefixes: new Map(),
    assignments: new Map([...vms, ...assigned].map(({ host, addresses }, at) => [`${at}`, { port_id: `${at}`, hosts: [host], addresses }])),
  };
  return [
    ...dc.hosts.map(({ name }) => [name, computeBgp(dc, name, view.assignments)] as const),
    ...dc.reflectors.map(({ name }) => [name, compileReflector(view, name)] as const),
    ...torsOf(dc).map(({ name }) => [name, compileTor(view, name)] as const),
    ...dc.gateways.map(({ name }) => [name, compileGateway(view, name)] as const),
  ];
}

async function hold(edge: Edge, machine: string, { links = [], sysctls = [], files = [] }: Partial<Intent>): Promise<void> {
  const state = stateOf(edge.lab, machine);
  mkdirSync(join(state, "run"), { recursive: true });
  const kernel = kernelOf(machineNetns(edge.lab, machine));
  await once(
    link,
    linuxLinks(kernel),
    links.filter(({ value }) => value.own !== undefined),
  ).finally(kernel.close);
  const settings = sysctls.map(({ value }) => `${value.path}=${value.value}`);
  if (settings.length > 0) await furnish(machineNetns(edge.lab, machine), settings, []);
  await holdRules(edge, machine);
  await holdFiles(edge, machine, files);
}

async function holdFiles({ lab }: Edge, machine: string, files: Intent["files"]): Promise<void> {
  await once(file, linuxFiles({ state: stateOf(lab, machine), owned: ["bird"] }), files);
}

/** What the agent does in a round, for one kind; throws where it would report. */
async function once<V>(kind: Kind<V>, driver: Driver<V>, wanted: readonly Wanted<V>[]): Promise<number> {
  const want = wanted.map(({ value }) => value);
  const changes = diff(kind, want, await driver.list(want), { prune: true });
  for (const [at, outcome] of (await driver.apply(changes)).entries())
    if (outcome.state !== "done") throw new Error(`${changes[at]?.ref}: ${outcome.state === "failed" ? outcome.reason : outcome.state}`);
  return changes.length;
}

/** What a compute host holds besides BGP, as far as packets must pass: the policy of its endpoints is not tried here. */
async function forwarding({ lab, dc }: Edge, host: string): Promise<void> {
  await furnish(
    machineNetns(lab, host),
    ["net/ipv4/ip_forward=1", "net/ipv6/conf/all/forwarding=1", "net/ipv4/conf/all/rp_filter=0", "net/ipv4/conf/default/rp_filter=0"],
    rangesOf(dc).map((range) => `route add unreachable ${range} proto ${MARGAY_PROTOCOL} metric 4096`),
  );
}

/** A VM behind a fake tap, with static addresses, and its routes on the host as Margay marks them. */
async function plug(lab: Lab, { name, host, addresses }: EdgeVm): Promise<void> {
  const [netns, at, tap] = [vmNetns(lab, name), machineNetns(lab, host), `tap${name}`];
  await must(["ip", "-batch", "-"], { input: `netns add ${netns}\nlink add ${tap} netns ${at} type veth peer name eth0 netns ${netns}\n` });
  await furnish(
    at,
    [...withoutDad([tap]), `net/ipv4/conf/${tap}/proxy_arp=1`, `net/ipv4/neigh/${tap}/proxy_delay=0`],
    [
      `link set ${tap} up`,
      `addr replace fe80::1/64 dev ${tap}`,
      ...addresses.map((ip) => `route add ${hostPrefix(ip)} dev ${tap} proto ${MARGAY_PROTOCOL} metric 1024`),
    ],
  );
  await furnish(netns, withoutDad(["eth0"]), [
    "link set lo up",
    "link set eth0 up",
    ...addresses.map((ip) => `addr add ${hostPrefix(ip)} dev eth0`),
    ...(addresses.some((ip) => familyOf(ip) === 4) ? ["route add default dev eth0 scope link"] : []),
    "route add default via fe80::1 dev eth0",
  ]);
  serveTcp(netns);
  serveUdp(netns, addresses);
}

function programsIn(lab: Lab, machine: string) {
  return programs({ under: ["ip", "netns", "exec", machineNetns(lab, machine)] });
}

/** A machine's state directory. */
export function stateOf(lab: Lab, machine: string): string {
  return join(lab.directory, machine);
}
