/** The lab's VMs as it remembers them. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { familyOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { filesIn, writeWhole } from "./lab-record.ts";
import type { Lab } from "./place.ts";

export interface Nic {
  /** `eth0`, `eth1`… */
  readonly dev: string;
  readonly network: string;
  readonly port_id: string;
  readonly mac: string;
  readonly tap: string;
  readonly addresses: readonly Ip[];
  /** The port was there before the VM, and stays when the VM goes. */
  readonly keep: boolean;
}

export interface Vm {
  readonly name: string;
  /** The server's id in Nova; a port's `device_id`. */
  readonly id: string;
  readonly host: string;
  readonly body: "namespace" | "qemu";
  readonly nics: readonly Nic[];
}

/** The first that it has of a family; throws when it has none. */
export function addressOf(vm: Vm, family: Family): Ip {
  const found = vm.nics.flatMap(({ addresses }) => addresses).find((ip) => familyOf(ip) === family);
  if (found === undefined) throw new Error(`VM "${vm.name}" has no address of IPv${family}`);
  return found;
}

export function readVm(lab: Lab, name: string): Vm | undefined {
  return listVms(lab).find((vm) => vm.name === name);
}

/** Throws when there is none of this name. */
export function vmNamed(lab: Lab, name: string): Vm {
  const vm = readVm(lab, name);
  if (vm === undefined)
    throw new Error(
      `no VM "${name}" in the lab "${lab.name}"; there are: ${
        listVms(lab)
          .map((one) => one.name)
          .join(", ") || "none"
      }`,
    );
  return vm;
}

export function listVms(lab: Lab): Vm[] {
  return filesIn(join(lab.directory, "vm"))
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(lab.directory, "vm", file), "utf8")) as Vm);
}

export function writeVm(lab: Lab, vm: Vm): void {
  writeWhole(join(lab.directory, "vm", `${vm.name}.json`), vm);
}

export function forgetVm(lab: Lab, name: string): void {
  rmSync(join(lab.directory, "vm", `${name}.json`), { force: true });
  rmSync(join(lab.directory, "guest", name), { recursive: true, force: true });
}
