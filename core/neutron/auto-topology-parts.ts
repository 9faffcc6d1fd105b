/**
 * The parts of an auto-allocated topology, made and ended one after the other as their owner would by requests of his own: so
 * policy, quotas and every rule of each part hold for it, and all of it is one decision.
 */
import type { Family } from "../net/address.ts";
import { maySee } from "../policy/may.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Attempt } from "./api-write.ts";
import type { Topology } from "./auto-topology.ts";
import type { Cloud } from "./cloud.ts";
import type { Decision, RowWrite } from "./decision.ts";
import { networkDecisions } from "./network-decisions.ts";
import { routerDecisions } from "./router-decisions.ts";
import { interfacesOf } from "./router-links.ts";
import { isExternal } from "./sharing.ts";
import { Steps } from "./steps.ts";
import { seesNetwork, subnetDecisions } from "./subnet-decisions.ts";
import { defaultPool } from "./subnetpool-checks.ts";
import { subnetpoolDecisions } from "./subnetpool-decisions.ts";
import { subnetpool } from "./subnetpool.ts";
import type { Subnetpool } from "./subnetpool.ts";

const failed = (reason: string): Refusal => ({ status: 409, type: "AutoAllocationFailure", message: `Deployment error: ${reason}.` });

/** Id of the external network that is marked as the default, and that the asker sees. */
export function defaultExternal(cloud: Cloud, who: Who): Result<string> {
  for (const network of cloud.by("network", "is_default", "true"))
    if (isExternal(cloud, network.id) && seesNetwork(cloud, network, who)) return ok(network.id);
  return refused(failed("No default router:external network"));
}

/** One of each family, as far as there are any that the asker sees. */
export function defaultPools(cloud: Cloud, who: Who): Result<readonly Subnetpool[]> {
  const families: readonly Family[] = [4, 6];
  const pools = families.flatMap((family) => defaultPool(cloud, family) ?? []);
  const seen = pools.filter((pool) =>
    maySee(subnetpool, { who, target: subnetpoolDecisions.target(cloud, pool, who), policy: cloud.settings.policy }),
  );
  return seen.length === 0 ? refused(failed("No default subnetpools defined")) : ok(seen);
}

export function buildTopology(cloud: Cloud, project: string, attempt: Attempt): Result<Decision<Topology>> {
  const { who } = attempt.request;
  const [external, pools] = [defaultExternal(cloud, who), defaultPools(cloud, who)];
  if (!external.ok) return external;
  if (!pools.ok) return pools;
  return cloud.attempt((put) => {
    const steps = new Steps(cloud, put, attempt);
    const inside = privateNetwork(steps, project, pools.value);
    if (!inside.ok) return because(inside.refusal, "Unable to provide tenant private network");
    const router = wayOutside(steps, project, { external: external.value, subnets: inside.value.subnets });
    if (!router.ok) return because(router.refusal, "Unable to provide external connectivity");
    return ok({ writes: steps.writes, answer: { network_id: inside.value.network, router_id: router.value } });
  });
}

/** What the asker may not have is told as such; anything else is the deployment's fault. */
function because(refusal: Refusal, what: string): Result<never> {
  if (refusal.status === 403 || refusal.type === "OverQuota") return refused(refusal);
  return refused(failed(`${what}: ${refusal.message.replace(/\.$/, "")}`));
}

interface Inside {
  readonly network: string;
  readonly subnets: readonly string[];
}

function privateNetwork(steps: Steps, project_id: string, pools: readonly Subnetpool[]): Result<Inside> {
  const network = steps.create(networkDecisions, "network", { name: "auto_allocated_network", project_id });
  if (!network.ok) return network;
  const subnets: string[] = [];
  for (const { id: subnetpool_id, ip_version } of pools) {
    const said = { name: `auto_allocated_subnet_v${ip_version}`, network_id: network.value, ip_version, subnetpool_id, project_id };
    const subnet = steps.create(subnetDecisions, "subnet", said);
    if (!subnet.ok) return subnet;
    subnets.push(subnet.value);
  }
  return ok({ network: network.value, subnets });
}

interface Outside {
  readonly external: string;
  readonly subnets: readonly string[];
}

function wayOutside(steps: Steps, project_id: string, { external, subnets }: Outside): Result<string> {
  const said = { name: "auto_allocated_router", external_gateway_info: { network_id: external }, project_id };
  const router = steps.create(routerDecisions, "router", said);
  if (!router.ok) return router;
  for (const subnet_id of subnets) {
    const linked = steps.act(routerDecisions, router.value, { name: "add_router_interface", body: { subnet_id } });
    if (!linked.ok) return linked;
  }
  return router;
}

/** Whatever of it is still there; ports of machines hold it. */
export function endTopology(
  cloud: Cloud,
  { network_id: network, router_id: router }: Topology,
  attempt: Attempt,
): Result<readonly RowWrite[]> {
  return cloud.attempt((put) => {
    const steps = new Steps(cloud, put, attempt);
    for (const { id: port_id } of interfacesOf(cloud, router)) {
      const off = steps.act(routerDecisions, router, { name: "remove_router_interface", body: { port_id } });
      if (!off.ok) return off;
    }
    const parts = [
      { rules: routerDecisions, table: "router", id: router },
      { rules: networkDecisions, table: "network", id: network },
    ] as const;
    for (const { rules, table, id } of parts) {
      const gone = cloud.get(table, id) === undefined ? undefined : steps.remove(rules, id);
      if (gone?.ok === false) return gone;
    }
    return ok(steps.writes);
  });
}
