/** Sessions in Junos: a group for each kind of neighbour. What its members differ in stands with each of them. */
import { groupsOf, hoisted } from "../groups.ts";
import { plainName } from "../lines.ts";
import { secretOf } from "../router-config.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "../router-config.ts";
import { familyWord, REJECT } from "./words.ts";

export function bgpLines(config: RouterConfig): readonly string[] {
  return [
    "# Without a policy eBGP says and believes nothing (RFC 8212); each session has its own all the same.",
    "set protocols bgp defaults ebgp no-policy receive reject",
    "set protocols bgp defaults ebgp no-policy advertise reject",
    "set protocols bgp log-updown",
    ...groupsOf(config).flatMap((group) => {
      const head = `set protocols bgp group ${group.name}`;
      const { together, each } = hoisted(group, (neighbor) => sessionLines(config, neighbor));
      return [
        ...together.map((line) => `${head} ${line}`),
        ...each.flatMap(({ neighbor, lines }) =>
          [`description "${neighbor.name}"`, ...lines].map((line) => `${head} neighbor ${neighbor.address} ${line}`),
        ),
      ];
    }),
  ];
}

function sessionLines(config: RouterConfig, neighbor: Neighbor): readonly string[] {
  const { asn, localAsn, families, timers, bfd, gracefulRestart } = neighbor;
  const kept = asn !== localAsn && families.some(({ nextHop }) => nextHop === "kept");
  const chain = (policies: readonly string[]) => `[ ${[...policies.map(plainName), REJECT].join(" ")} ]`;
  return [
    ...(asn === localAsn ? ["type internal"] : ["type external", `peer-as ${asn}`]),
    ...(localAsn === config.asn ? [] : [`local-as ${localAsn}`]),
    `local-address ${neighbor.local}`,
    ...(neighbor.connects === "passive" ? ["passive"] : []),
    `hold-time ${timers.hold}`,
    ...(config.clusterId !== undefined && families.some(({ client }) => client !== undefined) ? [`cluster ${config.clusterId}`] : []),
    ...(gracefulRestart === undefined ? [] : [`graceful-restart restart-time ${gracefulRestart.time}`]),
    ...(bfd === undefined
      ? []
      : [`bfd-liveness-detection minimum-interval ${bfd.interval}`, `bfd-liveness-detection multiplier ${bfd.multiplier}`]),
    ...(kept ? ["multihop ttl 1", "multihop no-nexthop-change"] : []),
    // A session that is called multihop would be watched as one.
    ...(kept && bfd !== undefined ? ["bfd-liveness-detection session-mode single-hop"] : []),
    ...(neighbor.password === undefined ? [] : [`authentication-key "${secretOf(neighbor)}"`]),
    ...(neighbor.gtsm === undefined ? [] : ["ttl 255"]),
    `import ${chain(families.map((family) => family.import))}`,
    `export ${chain(families.map((family) => family.export))}`,
    ...families.flatMap((family) => familyLines(config, family)),
  ];
}

/** More than the maximum is dropped, and the session stays: the addresses that were there go on being reached. */
function familyLines({ routes }: RouterConfig, { family, maximum, addPaths }: NeighborFamily): readonly string[] {
  const head = `family ${familyWord(family)} unicast`;
  const limit = (most: { readonly prefixes: number; readonly warn: number }) => [
    `${head} accepted-prefix-limit maximum ${most.prefixes}`,
    `${head} accepted-prefix-limit drop-excess ${most.warn}`,
  ];
  const lines = [
    ...(maximum === undefined ? [] : limit(maximum)),
    ...(addPaths === "receive" || addPaths === "both" ? [`${head} add-path receive`] : []),
    ...(addPaths === "send" || addPaths === "both" ? [`${head} add-path send path-count 6`] : []),
    ...(routes === "reflects" ? [`${head} no-install`] : []),
  ];
  return lines.length > 0 ? lines : [head];
}
