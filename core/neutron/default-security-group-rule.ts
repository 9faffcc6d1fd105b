/**
 * Rules that new security groups begin with, as an administrator wants them. They are patterns: a change of one changes no
 * group that is there.
 */
import { ADMIN } from "../policy/rule.ts";
import { chosen, resource } from "../resource/resource.ts";
import type { Create, Row } from "../resource/resource.ts";
import { flag, text } from "../resource/scalars.ts";
import { group, saying } from "./security-group-rule.ts";
import { chronicled, identity } from "./standard.ts";

/** As a remote group: the new group itself. */
export const PARENT = "PARENT";

const BROUGHT_BY = "security-groups-default-rules";

/** Nobody changes one: another takes its place. */
export const defaultSecurityGroupRule = resource({
  name: "default_security_group_rule",
  plural: "default_security_group_rules",
  note: "A rule that every security group made from now on begins with.",
  may: { create: ADMIN, get: ["reader"], delete: ADMIN },
  attributes: {
    id: identity.id,
    project_id: {
      type: text(255),
      write: "create",
      default: chosen,
      hidden: "wish",
      note: "Read as in any other body, and of no meaning: these rules are everybody's.",
    },
    ...saying,
    remote_group_id: {
      ...group,
      note: "The other side is a port of this group; PARENT: of the new group itself.",
    },
    used_in_default_sg: {
      type: flag,
      write: "create",
      filter: true,
      extension: BROUGHT_BY,
      note: "Do projects' default groups begin with it?",
    },
    used_in_non_default_sg: {
      type: flag,
      write: "create",
      filter: true,
      extension: BROUGHT_BY,
      note: "Do all other groups begin with it?",
    },
    ...chronicled,
    description: { ...chronicled.description, write: "create" },
  },
});

export type DefaultSecurityGroupRule = Row<typeof defaultSecurityGroupRule>;
export type NewDefaultSecurityGroupRule = Create<typeof defaultSecurityGroupRule>;
