/** What is decided about networks. */
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { collect, ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { scopeOfNetwork } from "./address-scope-decisions.ts";
import { unknownZone, zonesOf } from "./availability-zone.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { floatingIpGone, idleOn } from "./floating-ip-links.ts";
import type { Network, NetworkPatch, NewNetwork } from "./network.ts";
import { goesWithNetwork, portGone } from "./port-removal.ts";
import { defaultPolicyOf } from "./qos-decisions.ts";
import { wrongPolicy } from "./qos-links.ts";
import * as refusal from "./refusals.ts";
import { born, ownTarget, removal } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { ensureDefaultGroup } from "./security-group-default.ts";
import { endOfSharing, hasWayOut, isExternal, isSharedWith, isStillUsed, sharingFor, sharingWrites, withoutEverybody } from "./sharing.ts";

export const networkDecisions: Rules<"network"> = {
  table: "network",
  notFound: refusal.networkNotFound,
  target: networkTarget,
  targetOfNew: ownTarget,
  computed: (cloud, row, { who }) => ({
    shared: isSharedWith(cloud, row.id, who.project),
    "router:external": isExternal(cloud, row.id),
    subnets: [...cloud.by("subnet", "network_id", row.id)].map((subnet) => subnet.id),
    l2_adjacency: false,
    availability_zones: zonesOf(cloud),
    ipv4_address_scope: scopeOfNetwork(cloud, row.id, 4),
    ipv6_address_scope: scopeOfNetwork(cloud, row.id, 6),
  }),
  create,
  update,
  delete: remove,
};

export function networkTarget(cloud: Cloud, row: Network, who: Who): Target {
  return { owner: row.project_id, ...sharingFor(cloud, row.id, who), fields: row };
}

/** All networks are realised alike: by routing, not on some wire of the provider. */
const LOCAL = "local";
/** What operators' scripts say of a network without tunnels or VLANs: which wire it names is theirs to know. */
const FLAT = "flat";

/** Neutron's words, and why. */
const unrealised = (type: string) =>
  `network_type value '${type}' not supported: networks are routed here, without VLANs or tunnels of their own; say ${LOCAL}, ${FLAT} or nothing`;

/** What would need a wire, a VLAN or a tunnel of its own is refused. */
function wrongProvider(cloud: Cloud, input: NewNetwork): Refusal | undefined {
  const { "provider:network_type": type = LOCAL, "provider:physical_network": wire, "provider:segmentation_id": segment } = input;
  if (type !== LOCAL && type !== FLAT) return refusal.invalidInput(unrealised(type));
  if (segment !== null) return refusal.prohibitedFor(type, "segmentation_id");
  if (type === LOCAL) return wire === null ? undefined : refusal.prohibitedFor(type, "physical_network");
  if (wire === null) return refusal.invalidInput("physical_network required for flat provider network");
  for (const other of cloud.all("network")) if (other["provider:physical_network"] === wire) return refusal.flatInUse(wire);
  return undefined;
}

function create(cloud: Cloud, input: NewNetwork, { who, fresh }: Ask): Result<Change<Network>> {
  const wrong =
    wrongProvider(cloud, input) ??
    (input.is_default ? wrongDefault(cloud, { external: input["router:external"] }) : undefined) ??
    unknownZone(cloud, input.availability_zone_hints) ??
    wrongPolicy(cloud, { from: null, to: input.qos_policy_id }, who);
  if (wrong !== undefined) return refused(wrong);
  const mtu = chosenMtu(cloud, input.mtu ?? 0);
  if (!mtu.ok) return mtu;
  const { shared, "router:external": external, ...said } = input;
  const chosen = { "provider:network_type": said["provider:network_type"] ?? LOCAL, mtu: mtu.value };
  const policy = said.qos_policy_id === undefined ? (defaultPolicyOf(cloud, said.project_id)?.id ?? null) : said.qos_policy_id;
  const row: Network = { ...born(fresh), status: "ACTIVE", tags: [], ...said, ...chosen, qos_policy_id: policy };
  const given = sharingWrites(cloud, { type: "network", object: row }, { shared, external, fresh });
  return ok({ row, also: [...ensureDefaultGroup(cloud, input.project_id, fresh).writes, ...given] });
}

function update(cloud: Cloud, row: Network, patch: NetworkPatch, { who, fresh }: Ask): Result<Change<Network>> {
  const { shared, "router:external": external, ...said } = patch;
  const leadsOut = external ?? isExternal(cloud, row.id);
  const wrong =
    wrongSharing(cloud, row, patch) ??
    (patch.is_default === true ? wrongDefault(cloud, { id: row.id, external: leadsOut }) : undefined) ??
    wrongPolicy(cloud, { from: row.qos_policy_id, to: patch.qos_policy_id }, who);
  if (wrong !== undefined) return refused(wrong);
  const mtu = mtuAfter(cloud, row, patch);
  if (!mtu.ok) return mtu;
  const given = sharingWrites(cloud, { type: "network", object: row }, { shared, external, fresh });
  // What leads nowhere is no default any more.
  const is_default = (patch.is_default ?? row.is_default) && leadsOut;
  return ok({ row: { ...row, ...said, is_default, mtu: mtu.value }, also: given, counts: given.length > 0 });
}

/** There is one default, and it is a way outside. `id` undefined: of a new network. */
function wrongDefault(cloud: Cloud, { id, external }: { readonly id?: string; readonly external: boolean }): Refusal | undefined {
  if (!external) return refusal.invalidInput("is_default is for networks with router:external");
  for (const other of cloud.by("network", "is_default", "true")) if (other.id !== id) return refusal.otherDefault(other.id);
  return undefined;
}

/** What was given to everybody is taken back only while nobody depends on it. */
function wrongSharing(cloud: Cloud, row: Network, { shared, "router:external": external }: NetworkPatch): Refusal | undefined {
  const of = { type: "network", object: row } as const;
  if (shared === false && isStillUsed(cloud, { ...of, action: "access_as_shared" }, withoutEverybody(cloud, row.id)))
    return refusal.invalidSharing(row.name);
  if (external === false && isExternal(cloud, row.id) && hasWayOut(cloud, row.id)) return refusal.externalInUse(row.id);
  return undefined;
}

function mtuAfter(cloud: Cloud, row: Network, patch: NetworkPatch): Result<number> {
  if (patch.mtu === undefined) return ok(row.mtu);
  const mtu = chosenMtu(cloud, patch.mtu);
  if (!mtu.ok) return mtu;
  const least = Math.max(...[...cloud.by("subnet", "network_id", row.id)].map((subnet) => LEAST_MTU[subnet.ip_version]), 0);
  return mtu.value < least ? refused(refusal.mtuTooSmall(row.id, least)) : mtu;
}

/** What every link must carry: RFC 791, RFC 8200. */
export const LEAST_MTU = { 4: 68, 6: 1280 } as const;

/** Ethernet's, until a data centre says otherwise. */
const DEFAULT_MTU = 1500;

/** The data centre's MTU where none is wished for; no network has more. */
function chosenMtu(cloud: Cloud, wished: number): Result<number> {
  const most = cloud.get("datacenter", "this")?.mtu ?? DEFAULT_MTU;
  if (wished > most) return refused(refusal.invalidInput(`Requested MTU is too big, maximum is ${most}`));
  return ok(wished === 0 ? most : wished);
}

/** A refusal names this many ports: enough to go on with. */
const PORTS_NAMED = 20;

/** Its subnets go with it, its floating IPs that lead nowhere, and its services' own ports; others must be gone before. */
function remove(cloud: Cloud, row: Network, ask: Ask): Result<readonly RowWrite[]> {
  const idle = new Set(idleOn(cloud, row.id).map(({ id }) => id));
  const ports = [...cloud.by("port", "network_id", row.id)].filter((port) => !idle.has(port.device_id));
  const holding = ports.filter((port) => !goesWithNetwork(port));
  const named = holding.slice(0, PORTS_NAMED).map((port) => port.id);
  if (named.length > 0) return refused(refusal.networkInUse(row.id, named));
  const gone = collect(ports.map((port) => portGone(cloud, port, ask)));
  if (!gone.ok) return gone;
  const floating = [...idle].flatMap((id) => floatingIpGone(cloud, id));
  const subnets = [...cloud.by("subnet", "network_id", row.id)].map((subnet) => removal("subnet", subnet.id));
  return ok([...gone.value.flat(), ...floating, ...subnets, ...endOfSharing(cloud, row.id), removal("network", row.id)]);
}
