/** `router bgp` of IOS-XE. Neighbours are told one by one: the router itself makes update groups of those with the same policies. */
import { FAMILIES, familyOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { heardName } from "../conditions.ts";
import { addressedOf } from "../groups.ts";
import { plainName } from "../lines.ts";
import { originMap } from "../route-map.ts";
import { secretOf } from "../router-config.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "../router-config.ts";
import { NOTHING } from "../cli/words.ts";
import { masked } from "./words.ts";

export function bgpLines(config: RouterConfig): readonly string[] {
  const restart = config.neighbors.find(({ gracefulRestart }) => gracefulRestart !== undefined)?.gracefulRestart;
  const carried = FAMILIES.filter((family) => config.neighbors.some(({ families }) => families.some((each) => each.family === family)));
  return [
    `router bgp ${config.asn}`,
    ...[
      `bgp router-id ${config.routerId}`,
      "bgp log-neighbor-changes",
      "no bgp default ipv4-unicast",
      "bgp safe-ebgp-policy",
      ...(config.clusterId === undefined ? [] : [`bgp cluster-id ${config.clusterId}`]),
      ...(restart === undefined ? [] : ["bgp graceful-restart", `bgp graceful-restart restart-time ${restart.time}`]),
      ...addressedOf(config).flatMap((neighbor) => sessionLines(config, neighbor).map((line) => `neighbor ${neighbor.address} ${line}`)),
    ].map((line) => ` ${line}`),
    ...carried.flatMap((family) => [
      " !",
      ` address-family ipv${family}`,
      ...familyLines(config, family).map((line) => `  ${line}`),
      " exit-address-family",
    ]),
  ];
}

function sessionLines(config: RouterConfig, neighbor: Neighbor): readonly string[] {
  const { asn, localAsn, bfd, timers } = neighbor;
  const kept = asn !== localAsn && neighbor.families.some(({ nextHop }) => nextHop === "kept");
  const source = config.interfaces.find(({ addresses }) => addresses.some(({ ip }) => ip === neighbor.local));
  return [
    `remote-as ${asn}`,
    `description ${neighbor.name}`,
    ...(localAsn === config.asn ? [] : [`local-as ${localAsn} no-prepend replace-as`]),
    ...(source === undefined ? [] : [`update-source ${source.name}`]),
    `timers ${timers.keepalive} ${timers.hold}`,
    ...(neighbor.connects === "passive" ? ["transport connection-mode passive"] : []),
    // Next hops are kept on eBGP between sessions that are called multihop alone.
    ...(kept ? ["ebgp-multihop 2"] : []),
    ...(bfd === undefined ? [] : [kept ? "fall-over bfd single-hop" : "fall-over bfd"]),
    ...(neighbor.password === undefined ? [] : [`password ${secretOf(neighbor)}`]),
    ...(neighbor.gtsm === undefined ? [] : ["ttl-security hops 1"]),
  ];
}

function familyLines(config: RouterConfig, family: Family): readonly string[] {
  const spoken = addressedOf(config).flatMap((neighbor) => {
    const told = neighbor.families.find((each) => each.family === family);
    return told === undefined ? [] : [{ neighbor, told }];
  });
  const hears = spoken.some(({ told }) => told.addPaths === "receive" || told.addPaths === "both");
  const says = spoken.some(({ told }) => told.addPaths === "send" || told.addPaths === "both");
  const several = [...(says ? ["send"] : []), ...(hears ? ["receive"] : [])];
  return [
    ...(says ? ["bgp additional-paths select all"] : []),
    ...(several.length > 0 ? [`bgp additional-paths ${several.join(" ")}`] : []),
    ...(config.routes === "reflects" ? [`table-map ${NOTHING} filter`] : []),
    ...config.originated
      .filter(({ prefix }) => familyOf(prefix) === family)
      .map(({ prefix, community }) => `network ${masked(prefix, "mask ")} route-map ${originMap(config, community)}`),
    ...spoken.flatMap(({ neighbor, told }) => neighborLines(neighbor, told).map((line) => `neighbor ${neighbor.address} ${line}`)),
  ];
}

/** By how the next hop is told within the AS. */
const WITHIN: Readonly<Partial<Record<NeighborFamily["nextHop"], readonly string[]>>> = {
  "self for external": ["next-hop-self"],
  self: ["next-hop-self all"],
};

function neighborLines(
  { asn, localAsn }: Neighbor,
  { maximum, client, nextHop, addPaths, localNextHop, whileHeard, ...policies }: NeighborFamily,
): readonly string[] {
  const [hears, says] = [addPaths === "receive" || addPaths === "both", addPaths === "send" || addPaths === "both"];
  return [
    "activate",
    ...(client === undefined ? [] : ["route-reflector-client"]),
    ...(asn === localAsn && localNextHop === undefined ? (WITHIN[nextHop] ?? []) : []),
    ...(asn !== localAsn && nextHop === "kept" ? ["next-hop-unchanged"] : []),
    `route-map ${plainName(policies.import)} in`,
    `route-map ${plainName(policies.export)} out`,
    ...(maximum === undefined ? [] : [`maximum-prefix ${maximum.prefixes} ${maximum.warn} restart 5`]),
    ...(hears || says ? [`additional-paths${says ? " send" : ""}${hears ? " receive" : ""}`] : []),
    ...(says ? ["advertise additional-paths all"] : []),
    ...(whileHeard === undefined ? [] : [`advertise-map ${plainName(policies.export)} exist-map ${plainName(heardName(whileHeard))}`]),
  ];
}
