/**
 * Bindings of a port to hosts, as clients see them. The ACTIVE one is the port's own `binding:…` attributes and kept there;
 * rows are kept of the others alone: hosts that a VM is about to move to, and the one that it came from.
 */
import type { Asked } from "../policy/policy.ts";
import { ADMIN_OR_SERVICE, SERVICE } from "../policy/rule.ts";
import { nullMeans, opaque } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { oneOf, text, uuid } from "../resource/scalars.ts";
import { invalid, isWrong } from "../resource/type.ts";
import type { Type } from "../resource/type.ts";
import { bindingProfile, vnicType } from "./port-types.ts";

const hostName: Type<string> = {
  ...text(255),
  name: "host",
  read: (raw) => {
    const read = text(255).read(raw);
    return !isWrong(read) && read.value === "" ? invalid("'' is not the name of a host") : read;
  },
};

/** Making one the ACTIVE one, by the name under which policy files know it. */
export const ACTIVATE: Asked = { name: "activate", rule: SERVICE };

export const binding = resource({
  name: "binding",
  plural: "bindings",
  under: { resource: "port", attribute: "port_id" },
  note: "That a host serves a port, or is about to.",
  may: { create: SERVICE, get: ADMIN_OR_SERVICE, update: ADMIN_OR_SERVICE, delete: SERVICE },
  attributes: {
    port_id: { type: uuid, write: "never", hidden: "kept", index: true, note: "The port." },
    host: {
      type: hostName,
      write: "create",
      filter: true,
      index: true,
      extension: "binding-extended",
      note: "The host, as Nova names it.",
    },
    vif_type: {
      type: oneOf("unbound", "tap", "binding_failed"),
      write: "never",
      filter: true,
      extension: "binding-extended",
      note: "tap where the host would serve it, unbound where it no longer does.",
    },
    vnic_type: {
      type: vnicType,
      write: "always",
      default: "normal",
      filter: true,
      extension: "binding-extended",
      note: "How the NIC is made.",
    },
    status: {
      type: oneOf("ACTIVE", "INACTIVE"),
      write: "never",
      filter: true,
      extension: "binding-extended",
      note: "ACTIVE where the VM is: one at most.",
    },
    profile: {
      type: nullMeans({}, bindingProfile),
      write: "always",
      default: {},
      extension: "binding-extended",
      note: "Nova's own notes.",
    },
    vif_details: { type: opaque, write: "never", extension: "binding-extended", note: "What Nova makes the tap with." },
  },
});

/** Kept under `port_binding/PORT HOST`. */
export type Binding = Row<typeof binding>;
export type NewBinding = Create<typeof binding>;
export type BindingPatch = Patch<typeof binding>;
