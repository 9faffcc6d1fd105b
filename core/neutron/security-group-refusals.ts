/** What is refused about security groups and their rules: Neutron's types and texts. */
import type { Refusal } from "../result.ts";
import { PORT_PROTOCOL_NAMES, PROTOCOL_NAMES } from "./protocols.ts";

const bad = (type: string, message: string): Refusal => ({ status: 400, type, message });
const absent = (type: string, message: string): Refusal => ({ status: 404, type, message });
const conflict = (type: string, message: string): Refusal => ({ status: 409, type, message });

/** A sent value as Neutron's texts show it. */
function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export const groupNotFound = (id: string) => absent("SecurityGroupNotFound", `Security group ${id} does not exist`);
export const ruleNotFound = (id: string) => absent("SecurityGroupRuleNotFound", `Security group rule ${id} does not exist`);

export const groupInUse = (id: string) => conflict("SecurityGroupInUse", `Security Group ${id} in use.`);
export const defaultGroupExists = conflict("SecurityGroupDefaultAlreadyExists", "Default security group already exists.");
export const cannotRemoveDefault = conflict("SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.");
export const cannotUpdateDefault = conflict("SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");

/** Neutron's words for it are "Error <reason> while attempting the operation." */
export const mixedGroups = conflict(
  "SecurityGroupConflict",
  "Error mixing stateful and stateless security groups on one port while attempting the operation.",
);

export const ruleExists = (id: string) => conflict("SecurityGroupRuleExists", `Security group rule already exists. Rule id is ${id}.`);
export const duplicateInPost = conflict("DuplicateSecurityGroupRuleInPost", "Duplicate Security Group Rule in POST.");
export const notSingleGroup = bad("SecurityGroupNotSingleGroupRules", "Only allowed to update rules for one security profile at a time");
export const notSingleProject = bad(
  "SecurityGroupRulesNotSingleProject",
  "Multiple project_ids in bulk security group rule create not allowed",
);

export const invalidEthertype = (value: unknown) =>
  bad(
    "SecurityGroupRuleInvalidEtherType",
    `Security group rule for ethertype '${shown(value)}' not supported. Allowed values are ['IPv4', 'IPv6'].`,
  );
export const invalidProtocol = (value: unknown) =>
  bad(
    "SecurityGroupRuleInvalidProtocol",
    `Security group rule protocol ${shown(value)} not supported. Only protocol values [None, ${PROTOCOL_NAMES.map((name) => `'${name}'`).join(", ")}] ` +
      "and integer representations [0 to 255] are supported.",
  );
export const ethertypeConflict = (ethertype: string, protocol: string) =>
  bad("SecurityGroupEthertypeConflictWithProtocol", `Invalid ethertype ${ethertype} for protocol ${protocol}.`);
export const prefixConflict = (ethertype: string, prefix: string) =>
  bad("SecurityGroupRuleParameterConflict", `Conflicting value ethertype ${ethertype} for CIDR ${prefix}`);
export const invalidCidr = (value: unknown) => bad("InvalidCIDR", `Invalid CIDR ${shown(value)} given as IP prefix.`);
/** `Entites`: Neutron's spelling, which clients match. */
export const severalRemotes = bad(
  "SecurityGroupMultipleRemoteEntites",
  "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
);

export const invalidPort = (value: unknown) => bad("SecurityGroupInvalidPortValue", `Invalid value for port ${shown(value)}`);
export const portsNeedProtocol = bad("SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
export const portsNotFor = (protocol: string) =>
  bad(
    "SecurityGroupInvalidProtocolForPort",
    `Ports cannot be specified for protocol ${protocol}. Ports are only supported for ${PORT_PROTOCOL_NAMES.join(", ")}.`,
  );
export const invalidPortRange = bad("SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max");
export const invalidIcmp = (which: { readonly field: string; readonly attribute: string; readonly value: number }) =>
  bad("SecurityGroupInvalidIcmpValue", `Invalid value for ICMP ${which.field} (${which.attribute}) ${which.value}. It must be 0 to 255.`);
export const missingIcmpType = (code: number) =>
  bad("SecurityGroupMissingIcmpType", `ICMP code (port-range-max) ${code} is provided but ICMP type (port-range-min) is missing.`);
