/** Security groups: who may reach the ports that are in one, and whom these may reach. */
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag } from "../resource/scalars.ts";
import { chronicled, identity, named, tagged } from "./standard.ts";

export const securityGroup = resource({
  name: "security_group",
  plural: "security_groups",
  note: "Rules that say what may reach the ports in it, and what these may reach.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner", "shared"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    ...named,
    stateful: { type: flag, write: "always", default: true, filter: true, extension: "stateful-security-group", note: "Are answers let through?" },
    shared: {
      type: flag, write: "never", computed: true, filter: true, extension: "security-groups-shared-filtering", note: "Never: groups belong to one project.",
    },
    ...chronicled,
    ...tagged,
  },
});

export type SecurityGroup = Row<typeof securityGroup>;
export type NewSecurityGroup = Create<typeof securityGroup>;
export type SecurityGroupPatch = Patch<typeof securityGroup>;
