/** One of the data centre's two networks: made, or changed where it differs from what was declared. */
import { networkDecisions } from "../neutron/network-decisions.ts";
import { network } from "../neutron/network.ts";
import type { Network } from "../neutron/network.ts";
import { touched, write } from "../neutron/rules.ts";
import { isExternal, isSharedWithAll, sharingWrites } from "../neutron/sharing.ts";
import { readCreate } from "../resource/read.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import { changed } from "./apply-difference.ts";
import type { Difference } from "./apply-difference.ts";
import type { Job } from "./apply.ts";
import type { PlannedNetwork } from "./plan.ts";

/** What it was when the data centre was last applied. */
interface Before {
  readonly id: string | undefined;
  /** Ids of both networks of the data centre. */
  readonly ours: readonly (string | undefined)[];
}

interface NetworkApplied {
  readonly id: string;
  readonly difference: Difference;
}

export function applyNetwork(job: Job, planned: PlannedNetwork, { id, ours }: Before): Result<NetworkApplied> {
  const old = id === undefined ? undefined : job.cloud.get("network", id);
  const other = old?.name === planned.name ? undefined : namesake(job, planned.name, ours);
  if (other !== undefined) return refused(nameTaken(planned.name, other));
  const { subnets: _, ...declared } = planned;
  const difference = changed({ object: "network", name: planned.name }, old && pick(job, old), declared);
  if (old === undefined) return make(job, declared, difference);
  if (difference.length > 0) change(job, old, declared);
  return ok({ id: old.id, difference });
}

type Declared = Omit<PlannedNetwork, "subnets">;

function make(job: Job, declared: Declared, difference: Difference): Result<NetworkApplied> {
  const input = readCreate(network, { ...declared }, job.who);
  if (!input.ok) return input;
  const made = networkDecisions.create?.(job.cloud, input.value, job);
  if (made === undefined) throw new Error("networks cannot be created");
  if (!made.ok) return made;
  const { row, also = [] } = made.value;
  job.write([...also, write("network", row.id, row)]);
  return ok({ id: row.id, difference });
}

function change(job: Job, old: Network, { shared, "router:external": external, ...said }: Declared): void {
  job.write(sharingWrites(job.cloud, { type: "network", object: old }, { shared, external, fresh: job.fresh }));
  job.write([write("network", old.id, touched({ ...old, ...said }, job.fresh))]);
}

function pick({ cloud }: Job, { id, name, mtu }: Network): Record<keyof Declared, unknown> {
  return { name, "router:external": isExternal(cloud, id), shared: isSharedWithAll(cloud, id), mtu };
}

/** Another network that everybody sees under this name: then the name would mean neither. */
function namesake({ cloud }: Job, name: string, ours: readonly (string | undefined)[]): Network | undefined {
  for (const other of cloud.all("network")) {
    if (other.name === name && (isSharedWithAll(cloud, other.id) || isExternal(cloud, other.id)) && !ours.includes(other.id)) return other;
  }
  return undefined;
}

const nameTaken = (name: string, other: Network) => ({
  status: 409,
  type: "DataCenterConflict",
  message: `Cannot make the network ${name}: network ${other.id} of project ${other.project_id} has that name. Rename or delete it first.`,
});
