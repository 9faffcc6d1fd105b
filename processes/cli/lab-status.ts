/** `margay lab status` as text: machines and their processes, then VMs. */
import { CLOUD } from "#lab/identity.ts";
import { DEFAULT_LAB } from "#lab/place.ts";
import type { LabStatus, MachineStatus } from "#lab/status.ts";
import type { Vm } from "#lab/vm-record.ts";
import { table } from "./table.ts";
import type { Cell } from "./table.ts";

export function statusText(status: LabStatus): string {
  const machines = table(["machine", "kind", "addresses", "namespace", "process"], status.machines.map(machineRow));
  const vms = status.vms.length > 0 ? [vmsText(status.vms)] : [];
  return [`${status.file} (${status.phase})`, machines, ...vms, `API: ${status.doors.join(", ")}`, clientText(status)].join("\n");
}

/** Where there is a machine, `openstack` in it reaches the controller by TCP, and logs in. */
function clientText({ lab, clouds, machines }: LabStatus): string {
  const which = lab.name === DEFAULT_LAB ? "" : `--name ${lab.name} `;
  const machine = machines.find(({ kind }) => kind === "controller")?.name ?? "NAME";
  return `openstack, inside: ./margay lab enter ${which}${machine} -- env OS_CLIENT_CONFIG_FILE=${clouds} openstack --os-cloud ${CLOUD} …`;
}

export function vmsText(vms: readonly Vm[]): string {
  return table(["vm", "host", "nic", "network", "addresses", "port", "tap"], vms.flatMap(vmRows));
}

function machineRow({ name, kind, netns, addresses, process }: MachineStatus): readonly Cell[] {
  const running =
    process === undefined ? [] : [process.pid === undefined ? `${process.name}: stopped` : `${process.name}: pid ${process.pid.pid}`];
  return [[name], [kind], addresses, [netns], running];
}

function vmRows({ name: own, host, body, nics }: Vm): (readonly Cell[])[] {
  const name = body === "qemu" ? `${own} (qemu)` : own;
  if (nics.length === 0) return [[[name], [host]]];
  return nics.map((nic, index) => [
    index === 0 ? [name] : [],
    index === 0 ? [host] : [],
    [nic.dev],
    [nic.network],
    nic.addresses,
    [nic.port_id],
    [nic.tap],
  ]);
}
