/** A lab that stands: what later commands ask it and do with its processes. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { declaredIn } from "#adapters/yaml/datacenter-file.ts";
import { labNames, readLabRecord } from "./lab-record.ts";
import type { LabRecord } from "./lab-record.ts";
import { agentsOf, controllerAnswers, controllerOf } from "./margay.ts";
import { machineNetns, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { startService, stopService } from "./service.ts";
import { topologyOf } from "./topology.ts";
import { listVms } from "./vm-record.ts";

/** Throws where there is none. */
export function standing(lab: Lab): { readonly record: LabRecord; readonly center: DataCenter } {
  const record = readLabRecord(lab);
  if (record === undefined)
    throw new Error(`there is no lab "${lab.name}" (there is: ${labNames().join(", ") || "none"}); margay lab up FILE builds one`);
  return { record, center: declaredIn(record.file.path, record.file.text) };
}

/** The namespace of a machine, a VM, or one of the lab's own: `fabric`, `provider`, `outside`. */
export function netnsNamed(lab: Lab, name: string): string {
  const vms = listVms(lab).map((vm) => vm.name);
  if (vms.includes(name)) return vmNetns(lab, name);
  const machines = topologyOf(standing(lab).center).nodes.map((node) => node.name);
  if (machines.includes(name)) return machineNetns(lab, name);
  throw new Error(`no "${name}" in the lab "${lab.name}"; there are ${[...machines, ...vms].join(", ")}`);
}

/** What BIRD and dnsmasq do on the machine, and what its kernel holds, outlives the agent. False: it did not run. */
export function stopAgent(lab: Lab, machine: string): Promise<boolean> {
  return stopService(lab, agentOf(lab, machine).name);
}

/** False: it runs already. */
export function startAgent(lab: Lab, machine: string): boolean {
  return startService(lab, agentOf(lab, machine));
}

export function stopController(lab: Lab): Promise<boolean> {
  return stopService(lab, controllerOf(lab, standing(lab).center).name);
}

/** Answers once it serves. */
export async function startController(lab: Lab): Promise<boolean> {
  const { center } = standing(lab);
  const started = startService(lab, controllerOf(lab, center));
  await controllerAnswers(lab, center);
  return started;
}

function agentOf(lab: Lab, machine: string) {
  const agents = agentsOf(lab, standing(lab).center);
  const agent = agents.find((one) => one.machine === machine);
  if (agent === undefined)
    throw new Error(`no agent runs on "${machine}"; there are agents on ${agents.map((one) => one.machine).join(", ")}`);
  return agent;
}
