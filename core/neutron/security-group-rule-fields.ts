/**
 * What a security group rule says, in its one canonical form: sent values are read one by one, then checked against each
 * other in Neutron's order. Equal rules have equal `sameness`.
 */
import { familyOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { prefixOf, readInterfaceAddress } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { hasPorts, ICMP, ICMP6, isIcmp, isIpv6Only, protocolNumber } from "./protocols.ts";
import * as refusal from "./security-group-refusals.ts";

export type Ethertype = "IPv4" | "IPv6";
export type Direction = "ingress" | "egress";

export interface RuleFields {
  readonly direction: Direction;
  readonly ethertype: Ethertype;
  /** A name or digits, lower-case as sent; null means all of them. */
  readonly protocol: string | null;
  /** Destination ports, or ICMP type. Null with null: all of them. */
  readonly port_range_min: number | null;
  /** Destination ports, or ICMP code. */
  readonly port_range_max: number | null;
  /** `address/length` with the host bits that were sent. */
  readonly remote_ip_prefix: string | null;
  readonly remote_group_id: string | null;
  readonly remote_address_group_id: string | null;
}

export function readEthertype(value: unknown): Result<Ethertype> {
  const known = (["IPv4", "IPv6"] as const).find((name) => typeof value === "string" && name.toLowerCase() === value.toLowerCase());
  return known === undefined ? refused(refusal.invalidEthertype(value)) : ok(known);
}

/** Null, "" and "any" mean any protocol. */
export function readProtocol(value: unknown): Result<string | null> {
  if (value === null || value === "") return ok(null);
  if (typeof value !== "string" && typeof value !== "number") return refused(refusal.invalidProtocol(value));
  const text = String(value).toLowerCase();
  if (text === "any") return ok(null);
  return protocolNumber(text) === undefined ? refused(refusal.invalidProtocol(value)) : ok(text);
}

/** A port, an ICMP type or code: 0 to 65535, digits allowed. */
export function readPort(value: unknown): Result<number | null> {
  if (value === null) return ok(null);
  const number = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > 65535) return refused(refusal.invalidPort(value));
  return ok(number);
}

/** An address is its own /32 or /128; host bits stay as they were sent. */
export function readRemotePrefix(value: unknown): Result<string | null> {
  if (value === null || value === "") return ok(null);
  if (typeof value !== "string") return refused(refusal.invalidCidr(value));
  const read = readInterfaceAddress(value.includes("/") ? value : `${value}/${value.includes(":") ? 128 : 32}`);
  return read === undefined ? refused(refusal.invalidCidr(value)) : ok(`${read.ip}/${read.length}`);
}

export function familyOfRule(rule: Pick<RuleFields, "ethertype">): Family {
  return rule.ethertype === "IPv4" ? 4 : 6;
}

/** The remote prefix with its host bits cleared. */
export function normalizedCidr(rule: Pick<RuleFields, "remote_ip_prefix">): Cidr | null {
  const read = rule.remote_ip_prefix === null ? undefined : readInterfaceAddress(rule.remote_ip_prefix);
  return read === undefined ? null : prefixOf(read.ip, read.length);
}

/** Checks the fields against each other; the answer is the rule as it is stored. */
export function canonicalRule(sent: RuleFields): Result<RuleFields> {
  const rule = withFamilyProtocol(sent);
  const wrong = wrongPorts(rule) ?? wrongRemote(rule) ?? wrongFamily(rule);
  return wrong === undefined ? ok(withoutFullRange(rule)) : refused(wrong);
}

/** One text per meaning: what Neutron calls a duplicate. The description is no part of it, and a remote of everything is no remote. */
export function sameness(rule: RuleFields): string {
  const everything = rule.remote_ip_prefix === "0.0.0.0/0" || rule.remote_ip_prefix === "::/0";
  return JSON.stringify([
    rule.direction,
    rule.ethertype,
    rule.protocol === null ? null : protocolNumber(rule.protocol),
    rule.port_range_min,
    rule.port_range_max,
    everything ? null : rule.remote_ip_prefix,
    rule.remote_group_id,
    rule.remote_address_group_id,
  ]);
}

/** ICMP in an IPv6 rule is ICMPv6, in the form (name or number) that it was sent in. */
function withFamilyProtocol(rule: RuleFields): RuleFields {
  if (rule.ethertype !== "IPv6" || rule.protocol === null) return rule;
  if (rule.protocol === "icmp" || rule.protocol === "icmpv6") return { ...rule, protocol: "ipv6-icmp" };
  return rule.protocol === String(ICMP) ? { ...rule, protocol: String(ICMP6) } : rule;
}

/** All ports are no ports. */
function withoutFullRange(rule: RuleFields): RuleFields {
  const number = numberOf(rule);
  const full = number !== undefined && hasPorts(number) && rule.port_range_min === 1 && rule.port_range_max === 65535;
  return full ? { ...rule, port_range_min: null, port_range_max: null } : rule;
}

function wrongPorts(rule: RuleFields): Refusal | undefined {
  if (rule.port_range_min === null && rule.port_range_max === null) return undefined;
  const number = numberOf(rule);
  if (rule.protocol === null || number === undefined) return refusal.portsNeedProtocol;
  if (isIcmp(number)) return wrongIcmp(rule);
  if (!hasPorts(number)) return refusal.portsNotFor(rule.protocol);
  if (rule.port_range_min === 0 || rule.port_range_max === 0) return refusal.invalidPort(0);
  if (rule.port_range_min === null || rule.port_range_max === null) return refusal.invalidPortRange;
  return rule.port_range_min > rule.port_range_max ? refusal.invalidPortRange : undefined;
}

function wrongIcmp({ port_range_min: type, port_range_max: code }: RuleFields): Refusal | undefined {
  if (type !== null && type > 255) return refusal.invalidIcmp({ field: "type", attribute: "port_range_min", value: type });
  if (code !== null && code > 255) return refusal.invalidIcmp({ field: "code", attribute: "port_range_max", value: code });
  return type === null && code !== null ? refusal.missingIcmpType(code) : undefined;
}

function wrongRemote(rule: RuleFields): Refusal | undefined {
  const { remote_ip_prefix: prefix, remote_group_id: group, remote_address_group_id: addresses } = rule;
  if (prefix !== null && familyOf(prefix) !== familyOfRule(rule)) return refusal.prefixConflict(rule.ethertype, prefix);
  return [prefix, group, addresses].filter((remote) => remote !== null).length > 1 ? refusal.severalRemotes : undefined;
}

function wrongFamily(rule: RuleFields): Refusal | undefined {
  const number = numberOf(rule);
  if (rule.protocol === null || number === undefined || rule.ethertype === "IPv6" || !isIpv6Only(number)) return undefined;
  return refusal.ethertypeConflict(rule.ethertype, rule.protocol);
}

function numberOf(rule: RuleFields): number | undefined {
  return rule.protocol === null ? undefined : protocolNumber(rule.protocol);
}
