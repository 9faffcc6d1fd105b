/**
 * RBAC policies: who besides its owner may use an object, and for what. They are the fact; what an object tells of
 * itself as `shared` or `router:external` follows from them, in sharing.ts.
 */
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { oneOf, text, uuid } from "../resource/scalars.ts";
import { isWrong, printed, unconvertible } from "../resource/type.ts";
import type { Type } from "../resource/type.ts";
import { identity } from "./standard.ts";

/** What can be shared: each is a table too. Here, because the declaration needs it; how each is used, sharing.ts knows. */
export const OBJECT_TYPES = ["network", "security_group", "address_group", "qos_policy", "subnetpool", "address_scope"] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

/** The target that means every project. */
export const EVERYBODY = "*";

/** Neutron converts before it validates here. */
const objectType: Type<ObjectType> = {
  ...oneOf(...OBJECT_TYPES),
  read: (raw) => {
    const known = OBJECT_TYPES.find((type) => type === raw);
    return known === undefined ? unconvertible(`'${printed(raw)}' is not a valid RBAC object type`) : { value: known };
  },
};

/** A project's id, which Keystone spells without dashes, or everybody. */
const target: Type<string> = {
  ...text(255),
  name: "project or *",
  read: (raw) => {
    if (raw === EVERYBODY) return { value: EVERYBODY };
    const read = uuid.read(raw);
    return isWrong(read) ? unconvertible(`'${printed(raw)}' is neither the id of a project nor '${EVERYBODY}'`) : read;
  },
};

const OWN = { create: ADMIN_OR_OWNER };
const NOT_EVERYBODY = ["admin", "plain target"] as const;

export const rbacPolicy = resource({
  name: "rbac_policy",
  plural: "rbac_policies",
  note: "Lets another project, or all of them, use an object.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    object_type: { type: objectType, write: "create", filter: true, guard: OWN, extension: "rbac-policies", note: "What the object is." },
    object_id: { type: uuid, write: "create", filter: true, index: true, guard: OWN, extension: "rbac-policies", note: "The object." },
    target_tenant: {
      type: target,
      write: "always",
      filter: true,
      guard: { create: NOT_EVERYBODY, update: NOT_EVERYBODY },
      extension: "rbac-policies",
      note: "The project that may use it; `*`: every project, which is for administrators to say.",
    },
    action: {
      type: text(255),
      write: "create",
      filter: true,
      guard: OWN,
      extension: "rbac-policies",
      note: "What for: access_as_shared, or, of a network and for administrators to say, access_as_external.",
    },
  },
});

export type RbacPolicy = Row<typeof rbacPolicy>;
export type NewRbacPolicy = Create<typeof rbacPolicy>;
export type RbacPolicyPatch = Patch<typeof rbacPolicy>;
