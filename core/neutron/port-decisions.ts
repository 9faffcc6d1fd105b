/** What is decided about ports. */
import { chosenMac } from "../net/mac.ts";
import type { Mac } from "../net/mac.ts";
import type { Target } from "../policy/rule.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { wrongTags } from "./api-tags.ts";
import type { Binding } from "./binding.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { forwardingsLost, wrongReaddressing } from "./floating-ip-links.ts";
import type { Network } from "./network.ts";
import { addressesFor, isFromMac } from "./port-addresses.ts";
import { portBindings } from "./binding-decisions.ts";
import { bindingId, binding, inactiveBindings, isBound, outdatedBindings, rebinding, settled } from "./port-binding.ts";
import { stillHolds } from "./pair-claims.ts";
import { takeAddresses } from "./port-mobility.ts";
import { assignment } from "./port-names.ts";
import { mergedOptions, newOptions } from "./port-options.ts";
import { portGone } from "./port-removal.ts";
import { portTarget } from "./port-target.ts";
import { completePairs, isTrusted, mixedGroups, unknownGroup, wrongSecurity } from "./port-security.ts";
import type { NewPort, Port, PortPatch } from "./port.ts";
import { networkPolicyOf, wrongPolicy } from "./qos-links.ts";
import * as refusal from "./refusals.ts";
import { isInterface } from "./router-links.ts";
import { heldByService, wrongDevice, wrongDeviceChange, wrongInterfaceChange, wrongMacChange } from "./router-ports.ts";
import { born, removal } from "./rules.ts";
import type { Ask, Asking, Change, Rules } from "./rules.ts";
import { ensureDefaultGroup } from "./security-group-default.ts";
import { seesNetwork, targetOn, unseenSubnet } from "./subnet-decisions.ts";
import { gatewayOfMachine } from "./subnet-place.ts";

export const portDecisions: Rules<"port"> = {
  table: "port",
  notFound: refusal.portNotFound,
  target: portTarget,
  targetOfNew,
  computed: (cloud, row) => ({
    dns_assignment: assignment(row, cloud.get("network", row.network_id)),
    qos_network_policy_id: networkPolicyOf(cloud, row),
  }),
  create,
  update,
  delete: remove,
  actions: { take_addresses: takeAddresses },
  parts: { bindings: portBindings },
};

/** A network that the asker cannot see is not there. */
function targetOfNew(cloud: Cloud, input: NewPort, { who }: Asking): Result<Target> {
  const on = cloud.get("network", input.network_id);
  if (on === undefined || !seesNetwork(cloud, on, who)) return refused(refusal.networkNotFound(input.network_id));
  return ok({ ...targetOn(cloud, { on, owner: input.project_id }, who), deviceOwner: input.device_owner });
}

/** What the server alone makes is not for clients to make. */
function create(cloud: Cloud, input: NewPort, ask: Ask): Result<Change<Port>> {
  const wrong = wrongDevice(cloud, input, ask.who) ?? unseenSubnet(cloud, input.fixed_ips ?? [], ask.who);
  return wrong === undefined ? createPort(cloud, input, ask) : refused(wrong);
}

export function createPort(cloud: Cloud, input: NewPort, { who, fresh }: Ask): Result<Change<Port>> {
  const on = cloud.get("network", input.network_id);
  if (on === undefined) return refused(refusal.networkNotFound(input.network_id));
  const mac = input.mac_address ?? freeMac(cloud, fresh);
  const { groups, also } = groupsOfNew(cloud, input, { on, fresh });
  const pairs = completePairs(input.allowed_address_pairs, mac);
  if (!pairs.ok) return pairs;
  const said = {
    ...input,
    mac_address: mac,
    security_groups: groups,
    allowed_address_pairs: pairs.value,
    port_security_enabled: securityOf(input, on),
  };
  const wrong =
    wrongTags(input.tags) ??
    wrongPolicy(cloud, { from: null, to: input.qos_policy_id }, who) ??
    macTaken(cloud, said) ??
    wrongSecurity(said) ??
    unknownGroup(cloud, { ...said, security_groups: input.security_groups ?? [] }, who) ??
    mixedGroups(cloud, said);
  if (wrong !== undefined) return refused(wrong);
  const birth = born(fresh);
  const addresses = addressesFor(cloud, { port: { ...said, id: birth.id, has: [] }, wishes: input.fixed_ips, fresh });
  if (!addresses.ok) return addresses;
  const unfit = gatewayOfMachine(cloud, { ...said, fixed_ips: addresses.value });
  if (unfit !== undefined) return refused(unfit);
  const row: Port = {
    ...birth,
    data_plane_status: null,
    ready_on: [],
    arrived_on: "",
    holds: [],
    moves: 0,
    ...said,
    tags: input.tags.toSorted(),
    ...binding(cloud, { ...said, ready_on: [] }, { host: input["binding:host_id"], now: fresh.now }),
    extra_dhcp_opts: newOptions(input.extra_dhcp_opts),
    fixed_ips: addresses.value,
    ip_allocation: allocation(input, addresses.value),
  };
  return ok({ row, also });
}

function allocation(said: Pick<NewPort, "fixed_ips">, given: Port["fixed_ips"]): Port["ip_allocation"] {
  return said.fixed_ips?.length === 0 && given.length === 0 ? "none" : "immediate";
}

/** As said; else off for devices of the network itself, and as on the network for all others. */
function securityOf(input: NewPort, on: Network): boolean {
  return input.port_security_enabled ?? (!isTrusted(input.device_owner) && on.port_security_enabled);
}

interface Groups {
  readonly groups: readonly string[];
  readonly also: readonly RowWrite[];
}

/** Those that are named; else the project's default group, which is made when it is not there yet. */
function groupsOfNew(cloud: Cloud, input: NewPort, { on, fresh }: { readonly on: Network; readonly fresh: Fresh }): Groups {
  if (isTrusted(input.device_owner)) return { groups: [], also: [] };
  const made = ensureDefaultGroup(cloud, input.project_id, fresh);
  const unnamed = securityOf(input, on) ? [made.group.id] : [];
  return { groups: input.security_groups ?? unnamed, also: made.writes };
}

/** One that no port of the cloud has. There are 16 million: a few tries find one. */
function freeMac(cloud: Cloud, fresh: Fresh): Mac {
  for (;;) {
    const mac = chosenMac(Number(fresh.below(1n << 24n)));
    if (cloud.count("port", "mac_address", mac) === 0) return mac;
  }
}

function macTaken(cloud: Cloud, port: Pick<Port, "mac_address" | "network_id">, self?: string): Refusal | undefined {
  for (const other of cloud.by("port", "mac_address", port.mac_address))
    if (other.id !== self && other.network_id === port.network_id) return refusal.macInUse(port.network_id, port.mac_address);
  return undefined;
}

function update(cloud: Cloud, row: Port, patch: PortPatch, { who, fresh }: Ask): Result<Change<Port>> {
  const mac = patch.mac_address === null ? freeMac(cloud, fresh) : (patch.mac_address ?? row.mac_address);
  const pairs = patch.allowed_address_pairs === undefined ? ok(row.allowed_address_pairs) : completePairs(patch.allowed_address_pairs, mac);
  if (!pairs.ok) return pairs;
  const said = { ...row, ...patch, mac_address: mac, allowed_address_pairs: pairs.value };
  const wrong =
    wrongDeviceChange(cloud, { before: row, after: said }, who) ??
    unseenSubnet(cloud, patch.fixed_ips ?? [], who) ??
    wrongPolicy(cloud, { from: row.qos_policy_id, to: patch.qos_policy_id }, who) ??
    wrongChange(cloud, { row, patch, said }) ??
    (patch.security_groups === undefined ? undefined : (unknownGroup(cloud, said, who) ?? mixedGroups(cloud, said)));
  if (wrong !== undefined) return refused(wrong);
  const addresses = addressesAfter(cloud, { row, patch, mac, fresh });
  if (!addresses.ok) return addresses;
  const unfit =
    wrongInterfaceChange(cloud, row, addresses.value) ??
    wrongReaddressing(cloud, row, addresses.value) ??
    gatewayOfMachine(cloud, { ...said, fixed_ips: addresses.value });
  if (unfit !== undefined) return refused(unfit);
  const next: Port = {
    ...said,
    fixed_ips: addresses.value,
    extra_dhcp_opts: mergedOptions(row.extra_dhcp_opts, patch.extra_dhcp_opts ?? []),
    ip_allocation: patch.fixed_ips === undefined ? row.ip_allocation : allocation(patch, addresses.value),
  };
  const also = forwardingsLost(cloud, { port: row, next: next.fixed_ips, fresh });
  const bound = { ...next, ...bindingOf(rebinding(cloud, { before: row, next, named: patch["binding:host_id"], now: fresh.now })) };
  const outdated = outdatedBindings(cloud, bound);
  const others = inactiveBindings(cloud, row.id).filter((other) => !outdated.includes(other));
  return ok({ row: settled(row, stillHolds(bound), others), also: [...also, ...outdated.map(bindingRemoval)] });
}

function bindingRemoval(one: Binding): RowWrite {
  return removal("port_binding", bindingId(one));
}

function remove(cloud: Cloud, row: Port, ask: Ask): Result<readonly RowWrite[]> {
  const held = heldByService(cloud, row);
  return held === undefined ? portGone(cloud, row, ask) : refused(held);
}

function bindingOf(port: ReturnType<typeof rebinding>) {
  const { "binding:host_id": host, "binding:vif_type": type, "binding:vif_details": details, status } = port;
  return { "binding:host_id": host, "binding:vif_type": type, "binding:vif_details": details, status };
}

interface Changing {
  readonly row: Port;
  readonly patch: PortPatch;
  readonly said: Omit<Port, "fixed_ips">;
}

function wrongChange(cloud: Cloud, { row, patch, said }: Changing): Refusal | undefined {
  const stays = said.mac_address === row.mac_address ? undefined : wrongMacChange(row);
  if (stays !== undefined) return stays;
  if (said.mac_address !== row.mac_address && isBound(row))
    return refusal.portBound({ id: row.id, vif: row["binding:vif_type"], from: row.mac_address, to: said.mac_address });
  // Port security cannot go while groups stay; groups cannot come while it is off.
  if (patch.port_security_enabled === false && patch.security_groups === undefined && row.security_groups.length > 0)
    return refusal.portHasGroups;
  return macTaken(cloud, said, row.id) ?? wrongSecurity(said);
}

interface Readdressing {
  readonly row: Port;
  readonly patch: PortPatch;
  readonly mac: Mac;
  readonly fresh: Fresh;
}

/** Those that are wished for; where only the MAC or the kind of device changed, those that do not follow from it stay. */
function addressesAfter(cloud: Cloud, { row, patch, mac, fresh }: Readdressing): Result<Port["fixed_ips"]> {
  const port = { ...row, mac_address: mac, device_owner: patch.device_owner ?? row.device_owner, has: row.fixed_ips };
  // Where blocks overlap, interfaces of routers may share a gateway's address; others may not.
  const same = mac === row.mac_address && isInterface(port) === isInterface(row);
  if (patch.fixed_ips === undefined && same) return ok(row.fixed_ips);
  const kept = row.fixed_ips.filter(({ subnet_id: id }) => {
    const subnet = cloud.get("subnet", id);
    return subnet !== undefined && !isFromMac(port, subnet);
  });
  return addressesFor(cloud, { port, wishes: patch.fixed_ips ?? kept, fresh });
}
