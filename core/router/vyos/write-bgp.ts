/** Sessions in VyOS: a peer group for each kind of neighbour. What its members differ in stands with each of them. */
import { hasConditions, heardName, LOOK_SECONDS } from "../conditions.ts";
import { groupsOf, hoisted } from "../groups.ts";
import { plainName } from "../lines.ts";
import { originMap } from "../route-map.ts";
import { secretOf } from "../router-config.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "../router-config.ts";
import { bfdProfile, unicast } from "./words.ts";

const BGP = "set protocols bgp";

export function bgpLines(config: RouterConfig): readonly string[] {
  return [
    ...[
      `system-as ${config.asn}`,
      `parameters router-id ${config.routerId}`,
      "parameters log-neighbor-changes",
      "parameters ebgp-requires-policy",
      "parameters network-import-check",
      ...(hasConditions(config) ? [`parameters conditional-advertisement timer ${LOOK_SECONDS}`] : []),
      // The next hop of what is reflected may be set by policy as well.
      ...(config.neighbors.some(({ families }) => families.some(({ nextHop }) => nextHop === "self"))
        ? ["parameters route-reflector-allow-outbound-policy"]
        : []),
      ...(config.clusterId === undefined ? [] : [`parameters cluster-id ${config.clusterId}`]),
    ].map((line) => `${BGP} ${line}`),
    ...restartLines(config),
    ...config.originated.map(
      ({ prefix, community }) =>
        `${BGP} address-family ${unicast(prefix.includes(":") ? 6 : 4)} network ${prefix} route-map ${originMap(config, community)}`,
    ),
    ...onPorts(config),
    ...groupsOf(config).flatMap((group) => {
      const { together, each } = hoisted(group, (neighbor) => sessionLines(config, neighbor));
      return [
        ...together.map((line) => `${BGP} peer-group ${group.name} ${line}`),
        ...each.flatMap(({ neighbor, lines }) =>
          [`peer-group ${group.name}`, `description '${neighbor.name}'`, ...timers(neighbor), ...lines].map(
            (line) => `${BGP} neighbor ${neighbor.address} ${line}`,
          ),
        ),
      ];
    }),
  ];
}

/** Each by itself: who is on a port has no address to begin with, and speaks for itself alone. */
function onPorts(config: RouterConfig): readonly string[] {
  return config.neighbors.flatMap((neighbor) => {
    const { interface: port, asn } = neighbor;
    if (port === undefined) return [];
    const session = sessionLines(config, neighbor).filter((line) => !/^(remote-as|update-source) /.test(line));
    return [`interface remote-as ${asn}`, `description '${neighbor.name}'`, ...timers(neighbor), ...session].map(
      (line) => `${BGP} neighbor ${port} ${line}`,
    );
  });
}

function restartLines({ neighbors }: RouterConfig): readonly string[] {
  const restart = neighbors.find(({ gracefulRestart }) => gracefulRestart !== undefined)?.gracefulRestart;
  return restart === undefined ? [] : [`${BGP} parameters graceful-restart stalepath-time ${restart.time}`];
}

/** A peer group has no timers here. */
function timers({ timers: { hold, keepalive, connectRetry } }: Neighbor): readonly string[] {
  return [`timers holdtime ${hold}`, `timers keepalive ${keepalive}`, `timers connect ${connectRetry}`];
}

function sessionLines(config: RouterConfig, neighbor: Neighbor): readonly string[] {
  const { asn, localAsn, families, bfd, gracefulRestart } = neighbor;
  return [
    `remote-as ${asn}`,
    ...(localAsn === config.asn ? [] : [`local-as ${localAsn} no-prepend replace-as`]),
    `update-source ${neighbor.local}`,
    ...(neighbor.connects === "passive" ? ["passive"] : []),
    ...(gracefulRestart === undefined ? [] : ["graceful-restart enable"]),
    ...(bfd === undefined ? [] : [`bfd profile ${bfdProfile(bfd)}`]),
    ...(neighbor.password === undefined ? [] : [`password '${secretOf(neighbor)}'`]),
    ...(neighbor.gtsm === undefined ? [] : ["ttl-security hops 1"]),
    ...families.flatMap((family) => familyLines(family, asn === localAsn)),
  ];
}

/** `nexthop-self` without `force` leaves alone what is reflected. The daemon warns at 75 percent of a maximum; VyOS has no word for another mark. */
function familyLines(
  { family, maximum, client, nextHop, addPaths, whileHeard, ...policies }: NeighborFamily,
  internal: boolean,
): readonly string[] {
  return [
    `route-map import ${plainName(policies.import)}`,
    `route-map export ${plainName(policies.export)}`,
    ...(client === undefined ? [] : ["route-reflector-client"]),
    ...(internal && nextHop === "self for external" ? ["nexthop-self"] : []),
    ...(internal && nextHop === "self" ? ["nexthop-self force"] : []),
    ...(!internal && nextHop === "kept" ? ["attribute-unchanged next-hop"] : []),
    ...(maximum === undefined ? [] : [`maximum-prefix ${maximum.prefixes}`]),
    ...(addPaths === "send" || addPaths === "both" ? ["addpath-tx-all"] : []),
    ...(whileHeard === undefined
      ? []
      : [
          `conditionally-advertise advertise-map ${plainName(policies.export)}`,
          `conditionally-advertise exist-map ${plainName(heardName(whileHeard))}`,
        ]),
  ].map((line) => `address-family ${unicast(family)} ${line}`);
}

export function bfdLines({ neighbors }: RouterConfig): readonly string[] {
  const profiles = new Map(neighbors.flatMap(({ bfd }) => (bfd === undefined ? [] : [[bfdProfile(bfd), bfd] as const])));
  return [...profiles].flatMap(([name, { interval, multiplier }]) => [
    `set protocols bfd profile ${name} interval transmit ${interval}`,
    `set protocols bfd profile ${name} interval receive ${interval}`,
    `set protocols bfd profile ${name} interval multiplier ${multiplier}`,
  ]);
}
