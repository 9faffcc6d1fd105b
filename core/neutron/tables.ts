/** Every resource that the cloud keeps: one line here, one file each. */
import type { Applied } from "../datacenter/applied.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { addressGroup } from "./address-group.ts";
import type { AddressGroup } from "./address-group.ts";
import { addressScope } from "./address-scope.ts";
import type { AddressScope } from "./address-scope.ts";
import { agent } from "./agent.ts";
import type { Agent } from "./agent.ts";
import type { Topology } from "./auto-topology.ts";
import { floatingip } from "./floating-ip.ts";
import type { FloatingIp } from "./floating-ip.ts";
import { defaultSecurityGroupRule } from "./default-security-group-rule.ts";
import type { DefaultSecurityGroupRule } from "./default-security-group-rule.ts";
import type { Retired } from "./default-security-group-rules.ts";
import { network } from "./network.ts";
import type { Network } from "./network.ts";
import { portForwarding } from "./port-forwarding.ts";
import type { PortForwarding } from "./port-forwarding.ts";
import { binding } from "./binding.ts";
import type { Binding } from "./binding.ts";
import { port } from "./port.ts";
import type { Port } from "./port.ts";
import { quota } from "./quota.ts";
import type { Quota } from "./quota.ts";
import { qosPolicy } from "./qos-policy.ts";
import type { QosPolicy } from "./qos-policy.ts";
import { bandwidthLimit, packetRateLimit } from "./qos-rule.ts";
import type { BandwidthLimit, PacketRateLimit } from "./qos-rule.ts";
import { rbacPolicy } from "./rbac-policy.ts";
import type { RbacPolicy } from "./rbac-policy.ts";
import type { Released } from "./released.ts";
import { router } from "./router.ts";
import type { Router } from "./router.ts";
import { securityGroupRule } from "./security-group-rule.ts";
import type { SecurityGroupRule } from "./security-group-rule.ts";
import { securityGroup } from "./security-group.ts";
import type { SecurityGroup } from "./security-group.ts";
import { subnet } from "./subnet.ts";
import type { Subnet } from "./subnet.ts";
import { subnetpool } from "./subnetpool.ts";
import type { Subnetpool } from "./subnetpool.ts";

/** Declarations by table. */
export const DECLARED = {
  network,
  subnet,
  subnetpool,
  address_scope: addressScope,
  port,
  router,
  port_binding: binding,
  floatingip,
  port_forwarding: portForwarding,
  security_group: securityGroup,
  security_group_rule: securityGroupRule,
  default_security_group_rule: defaultSecurityGroupRule,
  address_group: addressGroup,
  qos_policy: qosPolicy,
  bandwidth_limit_rule: bandwidthLimit,
  packet_rate_limit_rule: packetRateLimit,
  rbac_policy: rbacPolicy,
  quota,
  agent,
};

/** Rows by table. A row's key is `TABLE/ID`. */
export interface Tables {
  readonly network: Network;
  readonly subnet: Subnet;
  readonly subnetpool: Subnetpool;
  readonly address_scope: AddressScope;
  readonly port: Port;
  readonly router: Router;
  /** By port and host, but for the ACTIVE ones. */
  readonly port_binding: Binding;
  readonly floatingip: FloatingIp;
  readonly port_forwarding: PortForwarding;
  readonly security_group: SecurityGroup;
  readonly security_group_rule: SecurityGroupRule;
  /** But for those that nobody wrote. */
  readonly default_security_group_rule: DefaultSecurityGroupRule;
  /** Of those that nobody wrote, the ones that are gone. */
  readonly retired: Retired;
  readonly address_group: AddressGroup;
  readonly qos_policy: QosPolicy;
  readonly bandwidth_limit_rule: BandwidthLimit;
  readonly packet_rate_limit_rule: PacketRateLimit;
  readonly rbac_policy: RbacPolicy;
  /** By project. */
  readonly quota: Quota;
  readonly agent: Agent;
  /** `datacenter/this`: absent until one has been applied. */
  readonly datacenter: Applied;
  /** `rollout/this`: how the last change of it went, or goes. */
  readonly rollout: Rollout;
  /** By address. */
  readonly released: Released;
  /** By project. */
  readonly topology: Topology;
}

export type TableName = keyof Tables;
export type DeclaredTable = keyof typeof DECLARED;
