/** `router bgp` of EOS: a peer group for each kind of neighbour. What its members differ in stands with each of them. */
import { FAMILIES, familyOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { groupsOf, hoisted } from "../groups.ts";
import type { Group } from "../groups.ts";
import { plainName } from "../lines.ts";
import { originMap } from "../route-map.ts";
import { secretOf } from "../router-config.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "../router-config.ts";
import { NOTHING } from "../cli/words.ts";

export function bgpLines(config: RouterConfig): readonly string[] {
  const restart = config.neighbors.find(({ gracefulRestart }) => gracefulRestart !== undefined)?.gracefulRestart;
  const carried = FAMILIES.filter((family) => config.neighbors.some(({ families }) => families.some((each) => each.family === family)));
  const groups = groupsOf(config);
  return [
    `router bgp ${config.asn}`,
    ...[
      `router-id ${config.routerId}`,
      "bgp log-neighbor-changes",
      "no bgp default ipv4-unicast",
      "! Without a policy nothing is told or believed (RFC 8212); each session has its own all the same.",
      "bgp missing-policy direction in action deny",
      "bgp missing-policy direction out action deny",
      ...(config.clusterId === undefined ? [] : [`bgp cluster-id ${config.clusterId}`]),
      ...(config.routes === "reflects" ? [`bgp route install-map ${NOTHING}`] : []),
      ...(restart === undefined ? [] : [`graceful-restart restart-time ${restart.time}`, "graceful-restart"]),
      ...groups.flatMap((group) => groupLines(config, group)),
    ].map((line) => `   ${line}`),
    ...carried.flatMap((family) => [
      "   !",
      `   address-family ipv${family}`,
      ...familyLines(config, groups, family).map((line) => `      ${line}`),
    ]),
  ];
}

function groupLines(config: RouterConfig, group: Group): readonly string[] {
  const { together, each } = hoisted(group, (neighbor) => sessionLines(config, neighbor));
  return [
    `neighbor ${group.name} peer group`,
    ...together.map((line) => `neighbor ${group.name} ${line}`),
    ...each.flatMap(({ neighbor, lines }) =>
      [`peer group ${group.name}`, `description ${neighbor.name}`, ...lines].map((line) => `neighbor ${neighbor.address} ${line}`),
    ),
  ];
}

function sessionLines(config: RouterConfig, neighbor: Neighbor): readonly string[] {
  const { asn, localAsn, bfd, timers, families } = neighbor;
  const source = config.interfaces.find(({ addresses }) => addresses.some(({ ip }) => ip === neighbor.local));
  return [
    `remote-as ${asn}`,
    ...(localAsn === config.asn ? [] : [`local-as ${localAsn} no-prepend replace-as`]),
    ...(source === undefined ? [] : [`update-source ${source.name}`]),
    ...(neighbor.connects === "passive" ? ["passive"] : []),
    `timers ${timers.keepalive} ${timers.hold}`,
    ...(bfd === undefined ? [] : ["bfd", `bfd interval ${bfd.interval} min-rx ${bfd.interval} multiplier ${bfd.multiplier}`]),
    ...(neighbor.password === undefined ? [] : [`password 0 ${secretOf(neighbor)}`]),
    ...(neighbor.gtsm === undefined ? [] : ["ttl maximum-hops 1"]),
    ...(families.some(({ client }) => client !== undefined) ? ["route-reflector-client"] : []),
    ...maximumLines(families),
  ];
}

/**
 * EOS counts the families of a session together. What the policies refuse is kept as well and would count towards its own
 * default of 12,000, so that this is lifted: a provider may send all that it knows.
 */
function maximumLines(families: readonly NeighborFamily[]): readonly string[] {
  const all = families.flatMap(({ maximum }) => maximum ?? []);
  const prefixes = all.reduce((sum, maximum) => sum + maximum.prefixes, 0);
  const warn = all.reduce((sum, maximum) => sum + Math.floor((maximum.prefixes * maximum.warn) / 100), 0);
  const accepted = all.length === families.length && prefixes > 0 ? [`maximum-accepted-routes ${prefixes} warning-limit ${warn}`] : [];
  return ["maximum-routes 0", ...accepted];
}

function familyLines(config: RouterConfig, groups: readonly Group[], family: Family): readonly string[] {
  return [
    ...config.originated
      .filter(({ prefix }) => familyOf(prefix) === family)
      .flatMap(({ prefix, community, whileHeard }) => [
        ...(whileHeard === undefined ? [] : [`! EOS announces it even while nothing of ${whileHeard} is heard.`]),
        `network ${prefix} route-map ${originMap(config, community)}`,
      ]),
    ...groups.flatMap((group) => {
      const { together, each } = hoisted(group, (neighbor) => toldLines(neighbor, family));
      return [
        ...together.map((line) => `neighbor ${group.name} ${line}`),
        ...each.flatMap(({ neighbor, lines }) => lines.map((line) => `neighbor ${neighbor.address} ${line}`)),
      ];
    }),
  ];
}

function toldLines({ asn, localAsn, families }: Neighbor, family: Family): readonly string[] {
  const told = families.find((each) => each.family === family);
  if (told === undefined) return [];
  return [
    "activate",
    `route-map ${plainName(told.import)} in`,
    `route-map ${plainName(told.export)} out`,
    ...(asn !== localAsn && told.nextHop === "kept" ? ["next-hop-unchanged"] : []),
    ...(told.addPaths === "receive" || told.addPaths === "both" ? ["additional-paths receive"] : []),
    ...(told.addPaths === "send" || told.addPaths === "both" ? ["additional-paths send any"] : []),
  ];
}
