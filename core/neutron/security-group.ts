/** Security groups: who a port lets in, and whom it may reach. Ports without any are closed both ways. */
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { list, opaque } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag } from "../resource/scalars.ts";
import { groupName } from "./security-group-types.ts";
import { chronicled, identity, named, tagged } from "./standard.ts";

export const securityGroup = resource({
  name: "security_group",
  plural: "security_groups",
  note: "Rules for the ports that are in it. Each project has one named default, made when it is first needed.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner", "shared"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    ...named,
    name: { ...named.name, type: groupName, note: "A label for people; default is the project's own default group." },
    stateful: {
      type: flag,
      write: "always",
      default: true,
      filter: true,
      extension: "stateful-security-group",
      note: "Are replies let through? If not, they need rules of their own.",
    },
    shared: {
      type: flag,
      write: "never",
      computed: true,
      filter: true,
      extension: "security-groups-shared-filtering",
      note: "May whoever looks use it like its own?",
    },
    security_group_rules: { type: list(opaque), write: "never", computed: true, note: "Its rules." },
    ...chronicled,
    ...tagged,
  },
});

export type SecurityGroup = Row<typeof securityGroup>;
export type NewSecurityGroup = Create<typeof securityGroup>;
export type SecurityGroupPatch = Patch<typeof securityGroup>;
