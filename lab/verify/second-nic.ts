/** A VM on internal gets a second NIC, on external, while it runs; afterwards it is taken out again. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { plugVm, unplugVm } from "../vm.ts";
import type { Claim } from "./claim.ts";
import { reachesUntranslated } from "./flows.ts";
import { byNic, familiesOf, PROBE_GROUP } from "./stage.ts";
import type { Actor, Stage } from "./stage.ts";

export interface Plugged {
  readonly claims: readonly Claim[];
  readonly unplug: () => Promise<unknown>;
}

/** Plugs it in; no claims where the data centre has not both networks. */
export async function plugSecondNic(stage: Stage): Promise<Plugged> {
  const [vm] = stage.internal;
  if (vm === undefined || stage.external.length === 0) return { claims: [], unplug: async () => undefined };
  const network = networkName(stage.center);
  const plugged = await plugVm(stage.lab, vm.name, { network, groups: [PROBE_GROUP] });
  const second: Actor = { ...vm, ...byNic(plugged.nics.at(-1)), name: `${vm.name}'s second NIC` };
  const claims = familiesOf(stage.outside, second).map((family) =>
    reachesUntranslated({ from: stage.outside, to: second, family, port: 80, note: "plugged in while it runs" }),
  );
  return { claims, unplug: () => unplugVm(stage.lab, vm.name, network) };
}

function networkName({ networks }: DataCenter): string {
  return networks.external.name;
}
