/**
 * Where a lab lives: the names of its namespaces and its state directory. Several labs stand side by side; the default
 * one has the short names, `mg-h1`, another carries its own name in them, `mg-NAME-h1`.
 */
import { join } from "node:path";

export interface Lab {
  readonly name: string;
  /** Everything that the lab remembers; gone when the lab is. */
  readonly directory: string;
}

/** One directory for each lab. It does not outlive a boot, as namespaces do not. */
export const LABS = "/run/margay-lab";

export const DEFAULT_LAB = "demo";

/** Throws when the name cannot be part of a file's name. */
export function labNamed(name: string): Lab {
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) throw new Error(`lab "${name}": lower-case letters, digits and dashes, 32 at most`);
  return { name, directory: join(LABS, name) };
}

/** The namespace of a machine, or of one of the lab's own: `fabric`, `provider`, `outside`. */
export function machineNetns(lab: Lab, machine: string): string {
  return lab.name === DEFAULT_LAB ? `mg-${machine}` : `mg-${lab.name}-${machine}`;
}

export function vmNetns(lab: Lab, vm: string): string {
  return machineNetns(lab, `vm-${vm}`);
}

/** The controller's door that needs no network. */
export function controllerSocket(lab: Lab): string {
  return join(lab.directory, "controller.sock");
}
