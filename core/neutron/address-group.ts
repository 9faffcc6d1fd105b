/**
 * Address groups: prefixes under one name, which rules of security groups name as their remote. Who changes a group
 * changes what all those rules mean.
 */
import type { Cidr } from "../net/prefix.ts";
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { list, nullMeans } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { cidr, text } from "../resource/scalars.ts";
import { invalid, isWrong } from "../resource/type.ts";
import type { Type } from "../resource/type.ts";
import { chronicled, identity, named } from "./standard.ts";

/** Its length must be said: Neutron takes no bare address here. */
const prefix: Type<Cidr> = {
  ...cidr,
  read: (raw) => {
    const read = cidr.read(raw);
    if (isWrong(read) || (typeof raw === "string" && raw.includes("/"))) return read;
    return invalid(`'${String(raw)}' isn't a recognized IP subnet cidr, '${read.value}' is recommended`);
  },
};

/** What a group is made of, and what is added to it or taken from it. */
export const prefixList: Type<readonly Cidr[]> = list(prefix, { unique: true });

export const addressGroup = resource({
  name: "address_group",
  plural: "address_groups",
  note: "Prefixes that rules of security groups name together.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner", "shared"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    ...named,
    addresses: {
      type: nullMeans([], prefixList),
      write: "create",
      default: [],
      extension: "address-group",
      note: "Prefixes with their lengths, of both families, each once; later changed by add_addresses and remove_addresses.",
    },
    ...chronicled,
    description: { ...chronicled.description, type: text(1024), sort: true },
  },
});

export type AddressGroup = Row<typeof addressGroup>;
export type NewAddressGroup = Create<typeof addressGroup>;
export type AddressGroupPatch = Patch<typeof addressGroup>;
