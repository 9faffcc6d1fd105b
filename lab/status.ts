/** What of a lab there is at this moment. */
import { existsSync } from "node:fs";
import type { ProcessName } from "#adapters/linux/process.ts";
import { frrService, otherRouters } from "./frr.ts";
import { cloudsFile } from "./identity.ts";
import { agentName, controllerOf } from "./margay.ts";
import { controllerSocket, machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { PROVIDER_SERVICE } from "./provider-router.ts";
import { RELAY } from "./relay.ts";
import { runningService } from "./service.ts";
import { standing } from "./standing.ts";
import { topologyOf } from "./topology.ts";
import type { NodeKind } from "./topology.ts";
import { listVms } from "./vm-record.ts";
import type { Vm } from "./vm-record.ts";

export interface MachineStatus {
  readonly name: string;
  readonly kind: NodeKind;
  readonly netns: string;
  readonly addresses: readonly string[];
  /** Controller, agent, FRR or the provider's BIRD; absent where nothing of the kind is to run. */
  readonly process?: { readonly name: string; readonly pid: ProcessName | undefined };
}

export interface LabStatus {
  readonly lab: Lab;
  readonly phase: "building" | "up";
  readonly file: string;
  /** Where its API is asked: by the relay when it runs, and by the controller's socket. */
  readonly doors: readonly string[];
  /** With which `openstack --os-cloud` works inside the lab's machines. */
  readonly clouds: string;
  readonly machines: readonly MachineStatus[];
  readonly vms: readonly Vm[];
}

export function statusOf(lab: Lab): LabStatus {
  const { record, center } = standing(lab);
  const others = otherRouters(center).map(({ name }) => name);
  const machines = topologyOf(center).nodes.map(({ name, kind, addresses }) => {
    const other = others.includes(name) ? frrService(name) : undefined;
    const service = other ?? serviceOn({ name, kind, controller: controllerOf(lab, center).name });
    const netns = machineNetns(lab, name);
    return {
      name,
      kind,
      netns: existsSync(`/run/netns/${netns}`) ? netns : "missing",
      addresses: addresses.map(({ ip }) => ip),
      ...(service !== undefined && { process: { name: service, pid: runningService(lab, service) } }),
    };
  });
  const { phase, file, port } = record;
  const relay = port !== undefined && runningService(lab, RELAY) ? [`http://127.0.0.1:${port}`] : [];
  return {
    lab,
    phase,
    file: file.path,
    machines,
    clouds: cloudsFile(lab),
    vms: listVms(lab),
    doors: [...relay, `unix:${controllerSocket(lab)}`],
  };
}

function serviceOn(node: { readonly name: string; readonly kind: NodeKind; readonly controller: string }): string | undefined {
  if (node.kind === "provider") return PROVIDER_SERVICE;
  if (node.kind === "controller") return node.controller === `controller-${node.name}` ? node.controller : undefined;
  return ["compute", "gateway", "reflector", "tor"].includes(node.kind) ? agentName(node.name) : undefined;
}
