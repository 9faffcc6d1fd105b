/** Address scopes: subnet pools that are one plan, in which no address stands for two things. */
import { ADMIN, ADMIN_OR_OWNER } from "../policy/rule.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { ipVersion } from "../resource/scalars.ts";
import { identity, named, sharable } from "./standard.ts";

export const addressScope = resource({
  name: "address_scope",
  plural: "address_scopes",
  note: "Subnet pools of one family whose prefixes do not overlap, and which alone serve a network together.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner", "shared"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    ...named,
    shared: {
      ...sharable.shared,
      sort: true,
      guard: { create: ADMIN, update: ADMIN },
      note: "May whoever looks put pools into it? Said: may every project? It cannot be taken back.",
    },
    ip_version: { type: ipVersion, write: "create", filter: true, sort: true, extension: "address-scope", note: "Address family." },
  },
});

export type AddressScope = Row<typeof addressScope>;
export type NewAddressScope = Create<typeof addressScope>;
export type AddressScopePatch = Patch<typeof addressScope>;
