/**
 * From what a host has been told to everything that it must hold: a function of the view, and of what the machine is. It does not look at the
 * clock, nor at what was there before, so a host that restarts holds what it held.
 */
import type { Role, View } from "../feed/item.ts";
import { computeParts } from "./compute.ts";
import { compileGateway } from "./gateway.ts";
import { merge } from "./intent.ts";
import type { Intent, Part } from "./intent.ts";
import type { Machine } from "./offload.ts";
import { compileReflector } from "./reflector.ts";
import { compileTor } from "./tor.ts";

const COMPILERS: Readonly<Record<Role, (view: View, host: string, machine?: Machine) => readonly Part[]>> = {
  compute: computeParts,
  gateway: (view, host) => [compileGateway(view, host)],
  reflector: (view, host) => [compileReflector(view, host)],
  tor: (view, host) => [compileTor(view, host)],
};

export interface Self {
  readonly host: string;
  readonly role: Role;
  /** What its kernel can do, where that makes a difference. Absent: nothing of the kind. */
  readonly machine?: Machine;
}

/**
 * In parts, of which those that follow from the same are the very values that they were. Nothing before a data centre has been applied:
 * without its ranges nobody can say what is inside.
 */
export function compileParts(view: View, self: Self): readonly Part[] {
  return view.datacenter === undefined ? [] : COMPILERS[self.role](view, self.host, self.machine);
}

/** The same as one intent. */
export function compile(view: View, self: Self): Intent {
  return merge(compileParts(view, self));
}
