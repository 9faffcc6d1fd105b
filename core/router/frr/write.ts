/**
 * FRR's configuration, as `vtysh` takes it. BGP alone: port translation and the rest of a gateway is nftables beside it.
 *
 * What FRR does by default and we do not want is said as well: sessions carry no family that is not activated, and
 * eBGP without a policy carries nothing (RFC 8212).
 */
import type { Family } from "../../net/address.ts";
import { hasConditions, heardName, LOOK_SECONDS, withConditions } from "../conditions.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "../router-config.ts";
import { secretOf } from "../router-config.ts";
import { onPorts } from "../lines.ts";
import { policyLines, originName, NOTHING } from "./write-policy.ts";

export function frrText(plain: RouterConfig): string {
  const config = withConditions(plain);
  const families = [...new Set(config.neighbors.flatMap((neighbor) => neighbor.families.map(({ family }) => family)))].toSorted();
  return [
    ...header(config),
    "frr defaults traditional",
    `hostname ${config.name}`,
    "log syslog informational",
    "service integrated-vtysh-config",
    "!",
    ...policyLines(config),
    ...discards(config),
    `router bgp ${config.asn}`,
    ...indented([
      `bgp router-id ${config.routerId}`,
      "bgp log-neighbor-changes",
      "no bgp default ipv4-unicast",
      "bgp ebgp-requires-policy",
      ...(config.clusterId === undefined ? [] : [`bgp cluster-id ${config.clusterId}`]),
      ...restart(config),
      ...(hasConditions(config) ? [`bgp conditional-advertisement timer ${LOOK_SECONDS}`] : []),
      ...config.neighbors.flatMap(sessionLines),
      ...families.flatMap((family) => familyLines(config, family)),
    ]),
    "exit",
    "!",
    "",
  ].join("\n");
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => (line === "!" ? line : ` ${line}`));

function header({ name, role, site, neighbors }: RouterConfig): readonly string[] {
  return [
    `! ${name}, ${role} of the data centre ${site}: written by Margay.`,
    `! Needs:     bgpd=yes, staticd=yes (and bfdd=yes where BFD is declared) in /etc/frr/daemons; no other configuration of these daemons.`,
    `! Check:     vtysh -C -f ${name}.frr.conf`,
    `! Apply:     cp /etc/frr/frr.conf /etc/frr/frr.conf.before; /usr/lib/frr/frr-reload.py --reload ${name}.frr.conf`,
    "! Take back: /usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf.before",
    "! Verify:    vtysh -c 'show bgp summary' -c 'show bgp ipv4 unicast neighbors ADDRESS advertised-routes'; margay prove FILE",
    ...onPorts(neighbors).map((line, at) => `! ${at === 0 ? "Ports:    " : "          "} ${line}`),
    ...(role === "gateway"
      ? [`! Beside it: ${name}.nft (what passes, port translation) and ${name}.sysctl.conf; FRR translates nothing.`]
      : []),
    "!",
  ];
}

/** `reject`: the sender is told that the destination is unreachable. */
function discards({ statics }: RouterConfig): readonly string[] {
  const lines = statics.flatMap(({ prefix, about }) => [
    `! ${about}: traffic for its unassigned addresses ends here`,
    `${word(prefix)} route ${prefix} reject`,
  ]);
  return lines.length > 0 ? [...lines, "!"] : [];
}

/** The kernel keeps the routes, and the peers keep ours, while FRR starts again. */
function restart({ neighbors }: RouterConfig): readonly string[] {
  const times = neighbors.flatMap(({ gracefulRestart }) => gracefulRestart?.time ?? []);
  return times.length === 0
    ? []
    : ["bgp graceful-restart", `bgp graceful-restart restart-time ${Math.max(...times)}`, "bgp graceful-restart preserve-fw-state"];
}

function sessionLines(neighbor: Neighbor): readonly string[] {
  const { name, address, asn, local, timers, connects, bfd, password, gtsm } = neighbor;
  const lines = [
    address === undefined ? `interface remote-as ${asn}` : `remote-as ${asn}`,
    `description ${name}`,
    ...(address === undefined ? [] : [`update-source ${local}`]),
    `timers ${timers.keepalive} ${timers.hold}`,
    `timers connect ${timers.connectRetry}`,
    ...(connects === "passive" ? ["passive"] : []),
    ...(bfd === undefined ? [] : [`bfd ${bfd.multiplier} ${bfd.interval} ${bfd.interval}`]),
    ...(password === undefined ? [] : [`password ${secretOf(neighbor)}`]),
    ...(gtsm === undefined ? [] : ["ttl-security hops 1"]),
  ];
  return ["!", ...lines.map((line) => `neighbor ${wordOf(neighbor)} ${line}`)];
}

/** FRR calls a neighbour by its address; or by the interface, whoever is at its other end. */
function wordOf({ address, interface: port }: Neighbor): string {
  return address ?? port ?? "";
}

function familyLines(config: RouterConfig, family: Family): readonly string[] {
  const { originated, neighbors, routes } = config;
  const own = originated.filter(({ prefix }) => word(prefix) === (family === 4 ? "ip" : "ipv6"));
  const lines = [
    ...own.map(({ prefix, community }) => `network ${prefix} route-map ${originName(config, community)}`),
    // Equal ways to one destination are all used; a reflector forwards nothing, so nothing of it goes into the kernel.
    ...(routes === "forwards" ? [`maximum-paths ${WAYS}`, `maximum-paths ibgp ${WAYS}`] : [`table-map ${NOTHING}`]),
    ...neighbors.flatMap((neighbor) =>
      neighbor.families
        .filter((each) => each.family === family)
        .flatMap((each) => channelLines(each).map((line) => `neighbor ${wordOf(neighbor)} ${line}`)),
    ),
  ];
  return ["!", `address-family ipv${family} unicast`, ...indented(lines), "exit-address-family"];
}

const WAYS = 16;

/** `force`: of what is reflected as well. */
const NEXT_HOPS: Readonly<Record<NeighborFamily["nextHop"], readonly string[]>> = {
  unchanged: [],
  "self for external": ["next-hop-self"],
  self: ["next-hop-self force"],
  kept: ["attribute-unchanged next-hop"],
};

function channelLines({ import: taken, export: told, client, nextHop, maximum, addPaths, whileHeard }: NeighborFamily): readonly string[] {
  return [
    "activate",
    ...(client === undefined ? [] : ["route-reflector-client"]),
    ...NEXT_HOPS[nextHop],
    `route-map ${taken} in`,
    `route-map ${told} out`,
    ...(maximum === undefined ? [] : [`maximum-prefix ${maximum.prefixes} ${maximum.warn} restart 1`]),
    ...(addPaths === "send" || addPaths === "both" ? ["addpath-tx-all-paths"] : []),
    ...(whileHeard === undefined ? [] : [`advertise-map ${told} exist-map ${heardName(whileHeard)}`]),
  ];
}

function word(prefix: string): "ip" | "ipv6" {
  return prefix.includes(":") ? "ipv6" : "ip";
}
