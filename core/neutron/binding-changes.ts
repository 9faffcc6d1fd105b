/** What a change of a port's bindings writes: the port for the ACTIVE one, rows for the others. */
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Binding, BindingPatch, NewBinding } from "./binding.ts";
import { bindingExists, bindingFailed, bindingIsActive, bindingNotFound } from "./binding-refusals.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { activeBinding, bindingId, bindingOn, inactiveBindings, settled, UNBOUND, statusOn, vifOn } from "./port-binding.ts";
import type { Port } from "./port.ts";
import { removal, touched, write } from "./rules.ts";

/** The binding after the change, or the one that was taken away. */
export interface Changed {
  readonly binding: Binding;
  readonly writes: readonly RowWrite[];
}

/** Of a port that no host serves it becomes the ACTIVE one. Refused where no agent is that would serve it. */
export function added(cloud: Cloud, port: Port, { input, fresh }: { readonly input: NewBinding; readonly fresh: Fresh }): Result<Changed> {
  const name = { port: port.id, host: input.host };
  if (bindingOn(cloud, port, input.host) !== undefined) return refused(bindingExists(name));
  const status = activeBinding(port) === undefined ? "ACTIVE" : "INACTIVE";
  const made = standing(cloud, port, { binding: { ...input, port_id: port.id, status, ...UNBOUND }, now: fresh.now });
  if (!made.ok) return made;
  const writes = status === "ACTIVE" ? [portWrite(cloud, { before: port, next: served(port, made.value) }, fresh)] : [rowWrite(made.value)];
  return ok({ binding: made.value, writes });
}

interface Named {
  readonly host: string;
  readonly fresh: Fresh;
}

/** One that is not bound is tried again. */
export function changed(cloud: Cloud, port: Port, { host, patch, fresh }: Named & { readonly patch: BindingPatch }): Result<Changed> {
  const before = bindingOn(cloud, port, host);
  if (before === undefined) return refused(bindingNotFound({ port: port.id, host }));
  const after = standing(cloud, port, { binding: { ...before, ...patch }, now: fresh.now });
  if (!after.ok) return after;
  if (JSON.stringify(after.value) === JSON.stringify(before)) return ok({ binding: before, writes: [] });
  if (before.status === "INACTIVE") return ok({ binding: after.value, writes: [rowWrite(after.value)] });
  const { status } = port;
  const next = { ...served(port, after.value), ...(before.vif_type === "tap" ? { status } : {}) };
  return ok({ binding: after.value, writes: [portWrite(cloud, { before: port, next }, fresh)] });
}

/** The VM has come: its port is this host's now, DOWN until the host says that it is served, unless it has said so. */
export function activated(cloud: Cloud, port: Port, { host, fresh }: Named): Result<Changed> {
  const before = bindingOn(cloud, port, host);
  if (before === undefined) return refused(bindingNotFound({ port: port.id, host }));
  if (before.status === "ACTIVE") return refused(bindingIsActive({ port: port.id, host }));
  const after = standing(cloud, port, { binding: { ...before, status: "ACTIVE" }, now: fresh.now });
  if (!after.ok) return after;
  const active = activeBinding(port);
  const former: readonly Binding[] = active === undefined ? [] : [{ ...active, status: "INACTIVE", ...UNBOUND }];
  const rest = inactiveBindings(cloud, port.id).filter((other) => other.host !== host);
  const next = touched(settled(port, served(port, after.value), [...rest, ...former]), fresh);
  const writes = [...former.map(rowWrite), removal("port_binding", bindingId(before)), write("port", port.id, next)];
  return ok({ binding: after.value, writes });
}

/** Without its ACTIVE binding a port is served by no host. */
export function removed(cloud: Cloud, port: Port, { host, fresh }: Named): Result<Changed> {
  const binding = bindingOn(cloud, port, host);
  if (binding === undefined) return refused(bindingNotFound({ port: port.id, host }));
  if (binding.status === "ACTIVE") {
    const next = served(port, { ...binding, host: "", profile: {}, ...UNBOUND });
    return ok({ binding, writes: [portWrite(cloud, { before: port, next }, fresh)] });
  }
  const rest = inactiveBindings(cloud, port.id).filter((other) => other.host !== host);
  const next = settled(port, port, rest);
  const ready = next === port ? [] : [write("port", port.id, touched(next, fresh))];
  return ok({ binding, writes: [removal("port_binding", bindingId(binding)), ...ready] });
}

/** Bound, if it is not: refused where no agent would serve it. */
function standing(cloud: Cloud, port: Port, { binding, now }: { readonly binding: Binding; readonly now: string }): Result<Binding> {
  if (binding.vif_type === "tap") return ok(binding);
  const vif = vifOn(cloud, port, { host: binding.host, now });
  return vif.vif_type === "tap" ? ok({ ...binding, ...vif }) : refused(bindingFailed({ port: port.id, host: binding.host }));
}

/** The port with this binding as its own. */
function served(port: Port, { host, vif_type, vif_details, vnic_type, profile }: Binding): Port {
  return {
    ...port,
    "binding:host_id": host,
    "binding:vif_type": vif_type,
    "binding:vif_details": vif_details,
    "binding:vnic_type": vnic_type,
    "binding:profile": profile,
    status: statusOn(port, host),
  };
}

interface Turn {
  readonly before: Port;
  readonly next: Port;
}

function portWrite(cloud: Cloud, { before, next }: Turn, fresh: Fresh): RowWrite {
  return write("port", next.id, touched(settled(before, next, inactiveBindings(cloud, next.id)), fresh));
}

function rowWrite(binding: Binding): RowWrite {
  return write("port_binding", bindingId(binding), binding);
}
