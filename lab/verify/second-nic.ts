/** A VM on internal gets a second NIC, on external, while it runs; afterwards it is taken out again. */
import { plugVm, unplugVm } from "../vm.ts";
import type { Claim, Verdict } from "./claim.ts";
import { judge } from "./claim.ts";
import { reachesUntranslated } from "./flows.ts";
import { byNic, familiesOf, PROBE_GROUP } from "./stage.ts";
import type { Actor, Stage } from "./stage.ts";

/** Nothing to say where the data centre has not both networks. A NIC that cannot be plugged in is a promise broken. */
export async function secondNicVerdicts(stage: Stage): Promise<Verdict[]> {
  const [vm] = stage.internal;
  const [neighbour] = stage.external;
  if (vm === undefined || neighbour === undefined) return [];
  const network = stage.center.networks.external.name;
  try {
    const { nics } = await plugVm(stage.lab, vm.name, { network, groups: [PROBE_GROUP] });
    try {
      return await judge(claimsOf(stage, { ...vm, ...byNic(nics.at(-1)), name: nameOf(vm) }), 2);
    } finally {
      await unplugVm(stage.lab, vm.name, network);
    }
  } catch (error) {
    const evidence = error instanceof Error ? error.message : String(error);
    const broken = { kept: false, expected: "reaches, untranslated", seen: "could not be plugged in", evidence };
    return familiesOf(neighbour).map((family) => ({ what: `outside → ${nameOf(vm)}`, family, ...broken }));
  }
}

function nameOf(vm: Actor): string {
  return `${vm.name}'s second NIC`;
}

function claimsOf(stage: Stage, second: Actor): Claim[] {
  return familiesOf(stage.outside, second).map((family) =>
    reachesUntranslated({ from: stage.outside, to: second, family, port: 80, note: "plugged in while it runs" }),
  );
}
