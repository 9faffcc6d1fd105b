/**
 * A data centre with nothing in it but routers: hosts, reflectors and gateways hold what their intents say, put there once
 * and without controller or agents, and VMs are namespaces on fake taps. For trying BGP, filters and translation with packets.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { hostPrefix } from "#core/net/prefix.ts";
import type { View } from "#core/feed/item.ts";
import { computeBgp } from "#core/intent/bgp-compute.ts";
import { compileGateway } from "#core/intent/gateway.ts";
import { compileReflector } from "#core/intent/reflector.ts";
import type { Intent } from "#core/intent/intent.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import { build, furnish, withoutDad } from "./build.ts";
import { end } from "./down.ts";
import { pidsInside } from "./pids.ts";
import { machineNetns, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, must } from "./program.ts";
import { startProvider } from "./provider-router.ts";
import { serveTcp, serveUdp } from "./serve.ts";
import { startService } from "./service.ts";
import { OUTSIDE, topologyOf } from "./topology.ts";

export interface EdgeVm {
  readonly name: string;
  readonly host: string;
  readonly addresses: readonly Ip[];
}

/** Namespaces, cables, VMs and everything that the intents say, but no BIRD yet. */
export async function raiseEdge(lab: Lab, dc: DataCenter, vms: readonly EdgeVm[]): Promise<void> {
  const topology = topologyOf(dc);
  await lowerEdge(lab, dc, vms);
  await build(lab, topology);
  const outside = machineNetns(lab, OUTSIDE.name);
  serveTcp(outside);
  serveUdp(outside, topology.nodes.find(({ kind }) => kind === "outside")?.addresses.map(({ ip }) => ip) ?? []);
  await Promise.all(intentsOf(dc).map(([name, intent]) => hold(lab, name, intent)));
  await Promise.all(dc.hosts.map(({ name }) => forwarding(lab, dc, name)));
  for (const vm of vms) await plug(lab, vm);
}

/** Every BIRD of the data centre and the provider's. */
export function startBirds(lab: Lab, dc: DataCenter): void {
  startProvider(lab, dc);
  for (const [name] of intentsOf(dc)) startBird(lab, dc, name);
}

export function startBird(lab: Lab, dc: DataCenter, machine: string): void {
  const intent = intentsOf(dc).find(([name]) => name === machine)?.[1];
  for (const { value } of intent?.daemons ?? [])
    startService(lab, { name: `${machine}-${value.name}`, argv: value.argv.map(stated(lab, machine)), netns: machineNetns(lab, machine) });
}

/** What `birdc` of a machine answers to one command. */
export function ask(lab: Lab, machine: string, command: string): Promise<string> {
  return must(["birdc", "-s", join(stateOf(lab, machine), "bird/bird.ctl"), ...command.split(" ")], { timeout: 2000 });
}

/** Removes it without trace, whatever there is of it. */
export async function lowerEdge(lab: Lab, dc: DataCenter, vms: readonly EdgeVm[]): Promise<void> {
  const all = [...topologyOf(dc).nodes.map(({ name }) => machineNetns(lab, name)), ...vms.map(({ name }) => vmNetns(lab, name))];
  const there = all.filter((netns) => existsSync(`/run/netns/${netns}`));
  await end(pidsInside(there), () => pidsInside(there));
  await must(["ip", "-batch", "-"], { input: there.map((netns) => `netns del ${netns}\n`).join("") });
}

/** Puts the nftables of a gateway there, again after somebody flushed them. */
export async function holdRules(lab: Lab, dc: DataCenter, gateway: string): Promise<void> {
  const intent = intentsOf(dc).find(([name]) => name === gateway)?.[1];
  await must(inside(machineNetns(lab, gateway), ["nft", "-f", "-"]), { input: ruleset(intent?.nft ?? []) });
}

function intentsOf(dc: DataCenter): readonly (readonly [string, Partial<Intent>])[] {
  const view: View = { datacenter: dc, endpoints: new Map(), subnets: new Map(), groups: new Map(), members: new Map() };
  return [
    ...dc.hosts.map(({ name }) => [name, computeBgp(dc, name)] as const),
    ...dc.reflectors.map(({ name }) => [name, compileReflector(view, name)] as const),
    ...dc.gateways.map(({ name }) => [name, compileGateway(view, name)] as const),
  ];
}

async function hold(lab: Lab, machine: string, { links = [], sysctls = [], nft = [], files = [] }: Partial<Intent>): Promise<void> {
  const own = links.flatMap(({ value }) => (value.own === undefined ? [] : [{ name: value.name, addresses: value.own.addresses }]));
  if (sysctls.length > 0)
    await furnish(
      machineNetns(lab, machine),
      sysctls.map(({ value }) => `${value.path}=${value.value}`),
      own.flatMap(({ name, addresses }) => [
        `link add ${name} type ifb`,
        `link set ${name} up`,
        ...addresses.map(({ ip, length }) => `addr add ${ip}/${length} dev ${name}`),
      ]),
    );
  if (nft.length > 0) await must(inside(machineNetns(lab, machine), ["nft", "-f", "-"]), { input: ruleset(nft) });
  for (const { value } of files) {
    const path = join(stateOf(lab, machine), value.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, value.content);
  }
}

function ruleset(nft: Intent["nft"]): string {
  const chains = nft.flatMap(({ value }) => (value.object === "chain" ? [value] : []));
  const body = chains.map(({ name, hook = "", rules }) => `chain ${name} { ${hook}\n${rules.join("\n")}\n}`);
  return `table inet margay {\n${body.join("\n")}\n}\n`;
}

/** What a compute host holds besides BGP, as far as packets must pass: the policy of its endpoints is not tried here. */
async function forwarding(lab: Lab, { ranges }: DataCenter, host: string): Promise<void> {
  const unreachable = [ranges.public, ranges.private, ranges.ipv6?.whole].flatMap((range) => range ?? []);
  await furnish(
    machineNetns(lab, host),
    ["net/ipv4/ip_forward=1", "net/ipv6/conf/all/forwarding=1", "net/ipv4/conf/all/rp_filter=0", "net/ipv4/conf/default/rp_filter=0"],
    unreachable.map((range) => `route add unreachable ${range} proto ${MARGAY_PROTOCOL} metric 4000`),
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
      "addr replace fe80::1/64 dev ".concat(tap),
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

function stateOf(lab: Lab, machine: string): string {
  return join(lab.directory, machine);
}

function stated(lab: Lab, machine: string): (word: string) => string {
  return (word) => word.replaceAll("{state}", stateOf(lab, machine));
}
