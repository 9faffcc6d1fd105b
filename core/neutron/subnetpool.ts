/** Subnet pools: prefixes that projects have blocks for their subnets cut out of, without having to know which are free. */
import { ADMIN, ADMIN_OR_OWNER } from "../policy/rule.ts";
import { list, nullable } from "../resource/composites.ts";
import { chosen, resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { exactCidr, flag, integer, ipVersion, label, uuid } from "../resource/scalars.ts";
import { invalid, isWrong } from "../resource/type.ts";
import type { Type } from "../resource/type.ts";
import { chronicled, identity, tagged } from "./standard.ts";

/** Said as a number; told as a text, as Neutron does and its clients expect. */
const prefixLength: Type<string> = {
  name: "prefix length",
  schema: { type: "string", pattern: "^[0-9]{1,3}$" },
  read: (raw) => {
    const read = integer(0).read(raw);
    return isWrong(read) ? read : { value: String(read.value) };
  },
  keys: (value) => [value],
  key: (query) => integer(0).key(query),
  order: (left, right) => Number(left) - Number(right),
};

export const prefixes = list(exactCidr, { unique: true });

const title: Type<string> = {
  ...label,
  read: (raw) => {
    const read = label.read(raw);
    return isWrong(read) || read.value !== "" ? read : invalid("'' Blank strings are not permitted");
  },
};

export const subnetpool = resource({
  name: "subnetpool",
  plural: "subnetpools",
  note: "Prefixes of which blocks for subnets are cut out, shared or of one project.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner", "shared"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    name: { type: title, write: "always", filter: true, sort: true, note: "A label for people." },
    default_prefixlen: {
      type: prefixLength,
      write: "always",
      default: chosen,
      filter: true,
      sort: true,
      note: "Of a block whose length nobody says. Absent: the least.",
    },
    min_prefixlen: {
      type: prefixLength,
      write: "always",
      default: chosen,
      filter: true,
      sort: true,
      note: "Of the largest block. Absent: 8, in IPv6 64.",
    },
    max_prefixlen: {
      type: prefixLength,
      write: "always",
      default: chosen,
      filter: true,
      sort: true,
      note: "Of the smallest block. Absent: 32, in IPv6 128.",
    },
    is_default: {
      type: flag,
      write: "always",
      default: false,
      filter: true,
      sort: true,
      guard: { create: ADMIN, update: ADMIN },
      extension: "default-subnetpools",
      note: "Is it the one for subnets that ask for the default? One of each family can be.",
    },
    shared: {
      type: flag,
      write: "create",
      default: false,
      computed: true,
      filter: true,
      sort: true,
      guard: { create: ADMIN },
      note: "May whoever looks have blocks of it? Said: may every project?",
    },
    prefixes: { type: prefixes, write: "always", note: "In as few as can be; they can grow, and shrink by remove_prefixes." },
    ip_version: { type: ipVersion, write: "never", filter: true, sort: true, note: "Address family: that of the prefixes." },
    default_quota: {
      type: nullable(integer(0)),
      write: "always",
      default: null,
      filter: true,
      sort: true,
      note: "How much a project may have of it: addresses, in IPv6 blocks of 64 bits. None or 0: as much as there is.",
    },
    address_scope_id: {
      type: nullable(uuid),
      write: "always",
      default: null,
      filter: true,
      sort: true,
      index: true,
      extension: "address-scope",
      note: "The scope that it is part of.",
    },
    ...chronicled,
    ...tagged,
  },
});

export type Subnetpool = Row<typeof subnetpool>;
export type NewSubnetpool = Create<typeof subnetpool>;
export type SubnetpoolPatch = Patch<typeof subnetpool>;
