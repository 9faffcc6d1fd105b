/** For tests of every resource alike: the least that a creation must say. Ids of what it hangs on come from a sandbox that has one of each. */
import type { Fields } from "./sandbox.ts";

/** By the resource's name. */
export const LEAST: Readonly<Record<string, (ids: Readonly<Record<string, string>>) => Fields>> = {
  network: () => ({}),
  subnet: (ids) => ({ network_id: ids["network"], ip_version: 4, cidr: "10.9.0.0/24" }),
  subnetpool: () => ({ name: "pool", prefixes: ["10.8.0.0/16"] }),
  address_scope: () => ({ ip_version: 4 }),
  port: (ids) => ({ network_id: ids["network"] }),
  router: () => ({}),
  security_group: () => ({}),
  security_group_rule: (ids) => ({ security_group_id: ids["security_group"], direction: "ingress" }),
  floatingip: (ids) => ({ floating_network_id: ids["external"] }),
  port_forwarding: (ids) => ({
    protocol: "tcp",
    external_port: 2222,
    internal_port: 22,
    internal_port_id: ids["port"],
    internal_ip_address: "10.99.0.10",
  }),
  default_security_group_rule: () => ({ direction: "ingress", protocol: "tcp", used_in_default_sg: true, used_in_non_default_sg: true }),
  address_group: () => ({}),
  policy: () => ({}),
  bandwidth_limit_rule: () => ({ max_kbps: 1000 }),
  packet_rate_limit_rule: () => ({ max_kpps: 1 }),
  rbac_policy: (ids) => ({
    object_type: "network",
    object_id: ids["network"],
    action: "access_as_shared",
    target_tenant: "00000000000000000000000000000abc",
  }),
};
