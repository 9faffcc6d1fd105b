import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PROTOCOL_NAMES, protocolNumber } from "./protocols.ts";
import {
  canonicalRule,
  normalizedCidr,
  readEthertype,
  readPort,
  readProtocol,
  readRemotePrefix,
  sameness,
} from "./security-group-rule-fields.ts";
import type { RuleFields } from "./security-group-rule-fields.ts";
import type { Result } from "../result.ts";

const PLAIN: RuleFields = {
  direction: "ingress",
  ethertype: "IPv4",
  protocol: null,
  port_range_min: null,
  port_range_max: null,
  remote_ip_prefix: null,
  remote_group_id: null,
  remote_address_group_id: null,
};

/** A sent rule that is accepted, as stored; throws what it was refused for. */
function stored(part: Partial<RuleFields>): RuleFields {
  return value(canonicalRule({ ...PLAIN, ...part }));
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.type}: ${result.refusal.message}`);
  return result.value;
}

function why(result: Result<unknown>): string {
  return result.ok ? "accepted" : `${result.refusal.status} ${result.refusal.type}: ${result.refusal.message}`;
}

const refusedFor = (part: Partial<RuleFields>) => why(canonicalRule({ ...PLAIN, ...part }));

test("protocols are names or numbers, kept as sent in lower case", () => {
  assert.equal(value(readProtocol("TCP")), "tcp");
  assert.equal(value(readProtocol(6)), "6");
  assert.equal(value(readProtocol("0")), "0");
  assert.equal(value(readProtocol("any")), null);
  assert.equal(value(readProtocol(null)), null);
  assert.equal(protocolNumber("vrrp"), 112);
  assert.match(
    why(readProtocol("300")),
    /^400 SecurityGroupRuleInvalidProtocol: Security group rule protocol 300 not supported\. .*\[None, 'ah', 'dccp'/,
  );
  assert.match(why(readProtocol(-1)), /InvalidProtocol/);
  assert.match(why(readProtocol("constructor")), /InvalidProtocol/);
  assert.match(why(readProtocol(true)), /InvalidProtocol/);
});

test("ethertype is read whatever its case", () => {
  assert.equal(value(readEthertype("ipv6")), "IPv6");
  assert.equal(
    why(readEthertype("IPv5")),
    "400 SecurityGroupRuleInvalidEtherType: Security group rule for ethertype 'IPv5' not supported. Allowed values are ['IPv4', 'IPv6'].",
  );
});

test("ICMP in IPv6 becomes ICMPv6, in the form it was sent in", () => {
  assert.equal(stored({ ethertype: "IPv6", protocol: "icmp" }).protocol, "ipv6-icmp");
  assert.equal(stored({ ethertype: "IPv6", protocol: "icmpv6" }).protocol, "ipv6-icmp");
  assert.equal(stored({ ethertype: "IPv6", protocol: "1" }).protocol, "58");
  assert.equal(stored({ ethertype: "IPv6", protocol: "6" }).protocol, "6");
});

test("protocols of IPv6 alone are refused for IPv4", () => {
  assert.equal(
    refusedFor({ protocol: "icmpv6" }),
    "400 SecurityGroupEthertypeConflictWithProtocol: Invalid ethertype IPv4 for protocol icmpv6.",
  );
  for (const protocol of ["58", "ipv6-frag", "43"]) assert.match(refusedFor({ protocol }), /EthertypeConflictWithProtocol/);
});

test("ports: a protocol that has them, both ends, in order, from 1", () => {
  assert.equal(
    refusedFor({ port_range_min: 80, port_range_max: 80 }),
    "400 SecurityGroupProtocolRequiredWithPorts: Must also specify protocol if port range is given.",
  );
  assert.match(refusedFor({ protocol: "47", port_range_min: 80, port_range_max: 80 }), /InvalidProtocolForPort/);
  assert.match(refusedFor({ protocol: "tcp", port_range_min: 90 }), /SecurityGroupInvalidPortRange/);
  assert.match(refusedFor({ protocol: "tcp", port_range_max: 90 }), /SecurityGroupInvalidPortRange/);
  assert.match(refusedFor({ protocol: "tcp", port_range_min: 90, port_range_max: 80 }), /SecurityGroupInvalidPortRange/);
  assert.match(
    refusedFor({ protocol: "17", port_range_min: 0, port_range_max: 80 }),
    /SecurityGroupInvalidPortValue: Invalid value for port 0/,
  );
  assert.equal(stored({ protocol: "udplite", port_range_min: 80, port_range_max: 81 }).port_range_max, 81);
  for (const port of [-1, 70000, "70000", "x", 1.5, true]) assert.match(why(readPort(port)), /SecurityGroupInvalidPortValue/);
  assert.equal(value(readPort("443")), 443);
});

test("all ports are stored as no ports", () => {
  const { port_range_min, port_range_max } = stored({ protocol: "tcp", port_range_min: 1, port_range_max: 65535 });
  assert.deepEqual([port_range_min, port_range_max], [null, null]);
});

test("of ICMP, the range is type and code", () => {
  assert.equal(stored({ protocol: "icmp", port_range_min: 0 }).port_range_min, 0);
  assert.equal(stored({ protocol: "icmp", port_range_min: 8, port_range_max: 0 }).port_range_max, 0);
  assert.equal(
    refusedFor({ protocol: "icmp", port_range_min: 300, port_range_max: 0 }),
    "400 SecurityGroupInvalidIcmpValue: Invalid value for ICMP type (port_range_min) 300. It must be 0 to 255.",
  );
  assert.match(refusedFor({ protocol: "icmp", port_range_min: 3, port_range_max: 256 }), /ICMP code \(port_range_max\) 256/);
  assert.match(
    refusedFor({ protocol: "icmp", port_range_max: 0 }),
    /SecurityGroupMissingIcmpType: ICMP code \(port-range-max\) 0 is provided/,
  );
});

test("a remote prefix keeps its host bits and is normalized beside", () => {
  assert.equal(value(readRemotePrefix("192.0.2.7")), "192.0.2.7/32");
  assert.equal(value(readRemotePrefix("2001:DB8::7")), "2001:db8::7/128");
  assert.equal(value(readRemotePrefix("10.0.0.77/24")), "10.0.0.77/24");
  assert.equal(normalizedCidr({ remote_ip_prefix: "10.0.0.77/24" }), "10.0.0.0/24");
  assert.equal(why(readRemotePrefix("10.0.0.0/33")), "400 InvalidCIDR: Invalid CIDR 10.0.0.0/33 given as IP prefix.");
  assert.equal(
    refusedFor({ remote_ip_prefix: "2001:db8::/32" }),
    "400 SecurityGroupRuleParameterConflict: Conflicting value ethertype IPv4 for CIDR 2001:db8::/32",
  );
  assert.match(refusedFor({ remote_ip_prefix: "10.0.0.0/8", remote_group_id: "g" }), /SecurityGroupMultipleRemoteEntites/);
});

test("rules are the same by meaning", () => {
  assert.equal(sameness({ ...PLAIN, protocol: "tcp" }), sameness({ ...PLAIN, protocol: "6" }));
  assert.equal(sameness({ ...PLAIN, remote_ip_prefix: "0.0.0.0/0" }), sameness(PLAIN));
  assert.notEqual(sameness({ ...PLAIN, remote_group_id: "g" }), sameness(PLAIN));
  assert.notEqual(sameness({ ...PLAIN, direction: "egress" }), sameness(PLAIN));
});

test("canonical rules are their own canonical form", () => {
  const part = fc.record({
    direction: fc.constantFrom("ingress" as const, "egress" as const),
    ethertype: fc.constantFrom("IPv4" as const, "IPv6" as const),
    protocol: fc.option(fc.oneof(fc.constantFrom(...PROTOCOL_NAMES), fc.nat(255).map(String)), { nil: null }),
    port_range_min: fc.option(fc.constantFrom(0, 1, 80, 255, 256, 65535), { nil: null }),
    port_range_max: fc.option(fc.constantFrom(0, 1, 80, 255, 256, 65535), { nil: null }),
    remote_ip_prefix: fc.constantFrom(null, "0.0.0.0/0", "10.1.2.3/8", "::/0"),
    remote_group_id: fc.constantFrom(null, "g"),
    remote_address_group_id: fc.constantFrom(null, "a"),
  });
  fc.assert(
    fc.property(part, (sent) => {
      const once = canonicalRule(sent);
      if (once.ok) assert.deepEqual(canonicalRule(once.value), once);
    }),
  );
});
