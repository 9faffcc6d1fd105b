/**
 * Making a data centre so: its two shared networks, their subnets, the limits for projects, and the row that every host is
 * told. One decision for all of it: whatever would take an address from a port refuses the whole. Applying the same again
 * writes nothing.
 */
import type { Cloud } from "../neutron/cloud.ts";
import type { Decision, Fresh, RowWrite } from "../neutron/decision.ts";
import { defaultLimits } from "../neutron/quota-limits.ts";
import type { Who } from "../policy/who.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import type { Applied, Made, MadeNetwork, OfFamilies, Side } from "./applied.ts";
import { changed, valuesOf } from "./apply-difference.ts";
import type { Difference } from "./apply-difference.ts";
import { applyNetwork } from "./apply-network.ts";
import { applySubnets } from "./apply-subnets.ts";
import type { DataCenter } from "./data-center.ts";
import { plannedNetworks } from "./plan.ts";
import { placesOn } from "./subnet-places.ts";
import type { SubnetPlace } from "./subnet-places.ts";

export interface Apply {
  readonly datacenter: DataCenter;
  /** Who owns the networks: the administrator's project. */
  readonly project: string;
}

/** The work under way: what the cloud looks like so far, and what is to be written. */
export interface Job {
  readonly cloud: Cloud;
  readonly fresh: Fresh;
  readonly who: Who;
  /** Takes writes into the cloud as the next steps see it, and into the decision. */
  readonly write: (writes: readonly RowWrite[]) => void;
  /** Into what the next steps see only. */
  readonly pretend: (writes: readonly RowWrite[]) => void;
}

export function decideApply(cloud: Cloud, { datacenter, project }: Apply, fresh: Fresh): Result<Decision<Difference>> {
  return cloud.attempt((put) => {
    const writes = new Map<string, RowWrite>();
    const write = (some: readonly RowWrite[]) => {
      put(some);
      for (const one of some) writes.set(one.key, one);
    };
    const who = { user: "margay", project, roles: ["admin"] };
    const difference = applyAll({ cloud, fresh, who, write, pretend: put }, datacenter);
    return difference.ok ? ok({ writes: [...writes.values()], answer: difference.value }) : difference;
  });
}

function applyAll(job: Job, datacenter: DataCenter): Result<Difference> {
  const old = job.cloud.get("datacenter", "this");
  const limits = defaultLimits(job.cloud);
  // First in view: the limits and the MTU of everything else follow from it.
  job.pretend([rowOf({ ...datacenter, ...(old?.made && { made: old.made }) })]);
  const networks = applyNetworks(job, old?.made, datacenter);
  if (!networks.ok) return networks;
  const row: Applied = { ...datacenter, made: networks.value.made };
  if (JSON.stringify(old) !== JSON.stringify(row)) job.write([rowOf(row)]);
  const quotas = changed({ object: "quota", name: "default" }, limits, defaultLimits(job.cloud));
  return ok([...networks.value.difference, ...quotas, ...declaredChange(old, row, networks.value.difference)]);
}

/** What else is declared otherwise. The networks are told as objects of their own, unless they were put right by hand before. */
function declaredChange(old: Applied | undefined, row: Applied, told: Difference): Difference {
  const places = ({ made: _made, networks, ...rest }: Applied) => valuesOf(told.length === 0 ? { ...rest, networks } : rest);
  return changed({ object: "datacenter", name: row.name }, old && places(old), places(row));
}

interface NetworksApplied {
  readonly made: Made;
  readonly difference: Difference;
}

function applyNetworks(job: Job, old: Made | undefined, datacenter: DataCenter): Result<NetworksApplied> {
  const [forExternal, forInternal] = plannedNetworks(datacenter);
  const planned = { external: forExternal, internal: forInternal };
  const ours = [old?.external.network, old?.internal.network];
  const external = applyNetwork(job, planned.external, { id: old?.external.network, ours });
  if (!external.ok) return external;
  const internal = applyNetwork(job, planned.internal, { id: old?.internal.network, ours });
  if (!internal.ok) return internal;
  const network = { external: external.value.id, internal: internal.value.id };
  const places = SIDES.flatMap((side) => placesOn(job.cloud, { on: side, made: old?.[side], planned: planned[side] }));
  const subnets = applySubnets(
    job,
    places.map(({ side, planned, id }) => ({ network_id: network[side], planned, id })),
  );
  if (!subnets.ok) return subnets;
  const made = (side: Side): MadeNetwork => {
    const ids = (which: SubnetPlace["which"]): OfFamilies =>
      Object.fromEntries(
        places.flatMap((place, at) => {
          const id = subnets.value.ids[at];
          return place.side === side && place.which === which && id !== undefined ? [[place.family, id]] : [];
        }),
      );
    const retiring = ids("retiring");
    return { network: network[side], subnets: ids("subnets"), ...(Object.keys(retiring).length > 0 && { retiring }) };
  };
  const difference = [...external.value.difference, ...internal.value.difference, ...subnets.value.difference];
  return ok({ made: { external: made("external"), internal: made("internal") }, difference });
}

const SIDES = ["external", "internal"] as const;

function rowOf(row: Applied): RowWrite {
  return { key: "datacenter/this", row };
}
