/**
 * From what a host has been told to everything that it must hold: a function of the view alone. It does not look at the
 * clock, nor at what was there before, so a host that restarts holds what it held.
 */
import type { Role, View } from "../feed/item.ts";
import { compileCompute } from "./compute.ts";
import { compileGateway } from "./gateway.ts";
import { NOTHING } from "./intent.ts";
import type { Intent } from "./intent.ts";
import { compileReflector } from "./reflector.ts";

const COMPILERS: Readonly<Record<Role, (view: View, host: string) => Intent>> = {
  compute: compileCompute,
  gateway: compileGateway,
  reflector: compileReflector,
};

/** Nothing before a data centre has been applied: without its ranges nobody can say what is inside. */
export function compile(view: View, self: { readonly host: string; readonly role: Role }): Intent {
  return view.datacenter === undefined ? NOTHING : COMPILERS[self.role](view, self.host);
}
