/** Sessions in SR Linux: a group for each kind of neighbour. What its members differ in stands with each of them. */
import { groupsOf, hoisted } from "../groups.ts";
import { plainName } from "../lines.ts";
import { secretOf } from "../router-config.ts";
import type { Neighbor, NeighborFamily, RouterConfig } from "../router-config.ts";
import { afiSafi, BGP } from "./words.ts";

export function bgpLines(config: RouterConfig): readonly string[] {
  const carried = new Set(config.neighbors.flatMap(({ families }) => families.map(({ family }) => afiSafi(family))));
  const restart = config.neighbors.find(({ gracefulRestart }) => gracefulRestart !== undefined)?.gracefulRestart;
  return [
    ...[
      "admin-state enable",
      `autonomous-system ${config.asn}`,
      `router-id ${config.routerId}`,
      "ebgp-default-policy import-reject-all true",
      "ebgp-default-policy export-reject-all true",
      ...[...carried].map((name) => `afi-safi ${name} admin-state enable`),
      ...(restart === undefined ? [] : ["graceful-restart admin-state enable", `graceful-restart requested-restart-time ${restart.time}`]),
    ].map((line) => `${BGP} ${line}`),
    ...config.neighbors.filter(({ password }) => password !== undefined).flatMap(keychain),
    ...groupsOf(config).flatMap((group) => {
      const { together, each } = hoisted(group, (neighbor) => sessionLines(config, neighbor));
      return [
        ...["admin-state enable", ...together].map((line) => `${BGP} group ${group.name} ${line}`),
        ...each.flatMap(({ neighbor, lines }) =>
          [`peer-group ${group.name}`, `description "${neighbor.name}"`, ...lines].map(
            (line) => `${BGP} neighbor ${neighbor.address} ${line}`,
          ),
        ),
      ];
    }),
  ];
}

/** Secrets are kept outside of BGP, under the name of the neighbour. */
function keychain(neighbor: Neighbor): readonly string[] {
  const head = `set / system authentication keychain ${plainName(`BGP-${neighbor.name}`)}`;
  return [
    `${head} admin-state enable`,
    `${head} type tcp-md5`,
    `${head} key 1 algorithm md5`,
    `${head} key 1 authentication-key "${secretOf(neighbor)}"`,
  ];
}

function sessionLines(config: RouterConfig, neighbor: Neighbor): readonly string[] {
  const { asn, localAsn, families, timers, bfd, gracefulRestart } = neighbor;
  return [
    `peer-as ${asn}`,
    ...(localAsn === config.asn ? [] : [`local-as as-number ${localAsn}`]),
    `transport local-address ${neighbor.local}`,
    ...(neighbor.connects === "passive" ? ["transport passive-mode true"] : []),
    `timers hold-time ${timers.hold}`,
    `timers keepalive-interval ${timers.keepalive}`,
    `timers connect-retry ${timers.connectRetry}`,
    ...(config.clusterId !== undefined && families.some(({ client }) => client !== undefined)
      ? ["route-reflector client true", `route-reflector cluster-id ${config.clusterId}`]
      : []),
    ...(gracefulRestart === undefined ? [] : ["graceful-restart admin-state enable"]),
    ...(bfd === undefined ? [] : ["failure-detection enable-bfd true"]),
    ...(neighbor.password === undefined ? [] : [`authentication keychain ${plainName(`BGP-${neighbor.name}`)}`]),
    ...([4, 6] as const).flatMap((family) => {
      const carried = families.find((each) => each.family === family);
      return carried === undefined ? [`afi-safi ${afiSafi(family)} admin-state disable`] : familyLines(config, carried);
    }),
  ];
}

function familyLines(config: RouterConfig, { family, maximum, addPaths, ...policies }: NeighborFamily): readonly string[] {
  const name = afiSafi(family);
  const bare =
    config.policies.find((policy) => policy.name === policies.export)?.terms.some(({ set }) => set?.communities === "none") ?? false;
  const limit = (most: { readonly prefixes: number; readonly warn: number }) => [
    `${name} prefix-limit-accepted max-received-routes ${most.prefixes}`,
    `${name} prefix-limit-accepted warning-threshold-pct ${most.warn}`,
    `${name} prefix-limit-accepted prevent-teardown true`,
  ];
  return [
    "admin-state enable",
    `import-policy [ ${plainName(policies.import)} ]`,
    `export-policy [ ${plainName(policies.export)} ]`,
    ...(addPaths === "receive" || addPaths === "both" ? ["add-paths receive true"] : []),
    ...(addPaths === "send" || addPaths === "both" ? ["add-paths send true", "add-paths send-max 6"] : []),
    ...(bare ? ["send-community-type [ none ]"] : []),
    ...(maximum === undefined ? [] : limit(maximum)),
  ].map((line) => `afi-safi ${name} ${line}`);
}
