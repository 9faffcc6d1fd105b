/**
 * Builds a drawing out of namespaces and cables: one `ip -batch` for all of them, then one shell per namespace for its
 * settings and addresses. Texts first, so that what is run can be read.
 */
import { familyOf } from "#core/net/address.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, must } from "./program.ts";
import type { Node, NodeRoute, Plug, Topology } from "./topology.ts";

export async function build(lab: Lab, topology: Topology): Promise<void> {
  await must(["ip", "-batch", "-"], { input: skeleton(lab, topology) });
  await Promise.all(
    topology.nodes.map((node) => furnish(machineNetns(lab, node.name), settings(topology, node), contents(topology, node))),
  );
}

/** Sysctls and `ip` commands of one namespace, in one shell. */
export async function furnish(netns: string, sysctls: readonly string[], commands: readonly string[]): Promise<void> {
  await must(inside(netns, ["sh", "-c", 'sysctl -qw "$@" && exec ip -batch -', "sh", ...sysctls]), { input: lines(commands) });
}

/**
 * Duplicate address detection costs a second per address and finds nothing in a network that we drew ourselves. An interface
 * that exists already has its own switch, and of that and the one for all the higher counts.
 */
export function withoutDad(devs: readonly string[] = []): string[] {
  return ["all", "default", ...devs].map((dev) => `net/ipv6/conf/${dev}/accept_dad=0`);
}

/** Namespaces and cables, from the root namespace: no interface ever appears there. */
export function skeleton(lab: Lab, topology: Topology): string {
  const at = (node: string) => machineNetns(lab, node);
  return lines([
    ...topology.nodes.map(({ name }) => `netns add ${at(name)}`),
    ...topology.cables.map(
      ([one, other]) => `link add ${one.dev} netns ${at(one.node)} type veth peer name ${other.dev} netns ${at(other.node)}`,
    ),
  ]);
}

/** What the lab's own routers need is set here; what declared machines need is the business of the agents that are tried. */
function settings(topology: Topology, node: Node): string[] {
  const devs = plugsOf(topology, node).map(({ dev }) => dev);
  const quiet = ["default", ...devs].map((dev) => `net/ipv6/conf/${dev}/accept_ra=0`);
  return [...withoutDad(devs), ...quiet, ...(node.kind === "provider" ? router(devs) : [])];
}

function router(devs: readonly string[]): string[] {
  return [
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    ...["all", "default", ...devs].map((dev) => `net/ipv4/conf/${dev}/rp_filter=0`),
    "net.ipv4.fib_multipath_hash_policy=1",
    "net.ipv6.fib_multipath_hash_policy=1",
  ];
}

function plugsOf(topology: Topology, node: Node): Plug[] {
  return topology.cables.flat().filter((plug) => plug.node === node.name);
}

function contents(topology: Topology, node: Node): string[] {
  const plugs = plugsOf(topology, node);
  return [
    "link set lo up",
    ...(node.bridge === undefined ? [] : [`link add ${node.bridge} type bridge mcast_snooping 0`, `link set ${node.bridge} up`]),
    ...plugs.flatMap((plug) => (plug.bridge === undefined ? [] : [`link set ${plug.dev} master ${plug.bridge}`])),
    ...node.addresses.map(({ dev, ip, length, passive }) =>
      [`addr add ${ip}/${length} dev ${dev}`, ...(passive ? ["preferred_lft 0"] : []), ...(familyOf(ip) === 6 ? ["nodad"] : [])].join(" "),
    ),
    ...plugs.map((plug) => `link set ${plug.dev} up`),
    ...node.routes.map(routeText),
  ];
}

function routeText({ to, hops, metric, source }: NodeRoute): string {
  const hop = ({ via, dev }: NodeRoute["hops"][number]) =>
    [`via ${familyOf(via) === familyOf(to) ? "" : "inet6 "}${via}`, ...(dev === undefined ? [] : [`dev ${dev}`])].join(" ");
  const ways = hops.length === 1 ? hops.map(hop) : hops.map((each) => `nexthop ${hop(each)}`);
  const options = [...(metric === undefined ? [] : [`metric ${metric}`]), ...(source === undefined ? [] : [`src ${source}`])];
  return ["route add", to, ...options, ...ways].join(" ");
}

function lines(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join("");
}
