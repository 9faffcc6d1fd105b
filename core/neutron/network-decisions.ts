/** What is decided about networks. */
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { floatingIpGone, idleOn } from "./floating-ip-links.ts";
import type { Network, NetworkPatch, NewNetwork } from "./network.ts";
import * as refusal from "./refusals.ts";
import { born, removal } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";
import { ensureDefaultGroup } from "./security-group-default.ts";
import { endOfSharing, hasWayOut, isExternal, isSharedWith, isStillUsed, sharingFor, sharingWrites, withoutEverybody } from "./sharing.ts";

export const networkDecisions: Rules<"network"> = {
  table: "network",
  notFound: refusal.networkNotFound,
  target: networkTarget,
  targetOfNew: (_cloud, input) => ok({ owner: input.project_id }),
  computed: (cloud, row, { who }) => ({
    shared: isSharedWith(cloud, row.id, who.project),
    "router:external": isExternal(cloud, row.id),
    subnets: [...cloud.by("subnet", "network_id", row.id)].map((subnet) => subnet.id),
    l2_adjacency: false,
    ipv4_address_scope: null,
    ipv6_address_scope: null,
  }),
  create,
  update,
  delete: remove,
};

export function networkTarget(cloud: Cloud, row: Network, who: Who): Target {
  return { owner: row.project_id, ...sharingFor(cloud, row.id, who) };
}

/** All networks are realised alike: by routing, not on some wire of the provider. */
const LOCAL = "local";

function create(cloud: Cloud, input: NewNetwork, { fresh }: Ask): Result<Change<Network>> {
  const mtu = chosenMtu(cloud, input.mtu ?? 0);
  if (!mtu.ok) return mtu;
  const type = input["provider:network_type"] ?? LOCAL;
  if (type !== LOCAL) return refused(refusal.invalidInput(`network_type value '${type}' not supported`));
  if (input["provider:physical_network"] !== null) return refused(refusal.prohibitedForLocal("physical_network"));
  if (input["provider:segmentation_id"] !== null) return refused(refusal.prohibitedForLocal("segmentation_id"));
  const { shared, "router:external": external, ...said } = input;
  const row: Network = { ...born(fresh), status: "ACTIVE", tags: [], ...said, "provider:network_type": LOCAL, mtu: mtu.value };
  const given = sharingWrites(cloud, { type: "network", object: row }, { shared, external, fresh });
  return ok({ row, also: [...ensureDefaultGroup(cloud, input.project_id, fresh).writes, ...given] });
}

function update(cloud: Cloud, row: Network, patch: NetworkPatch, { fresh }: Ask): Result<Change<Network>> {
  const { shared, "router:external": external, ...said } = patch;
  const wrong = wrongSharing(cloud, row, patch);
  if (wrong !== undefined) return refused(wrong);
  const mtu = mtuAfter(cloud, row, patch);
  if (!mtu.ok) return mtu;
  const given = sharingWrites(cloud, { type: "network", object: row }, { shared, external, fresh });
  return ok({ row: { ...row, ...said, mtu: mtu.value }, also: given, counts: given.length > 0 });
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

/** Its subnets go with it, and so do its floating IPs that lead nowhere; ports must be gone before. */
function remove(cloud: Cloud, row: Network): Result<readonly RowWrite[]> {
  const idle = new Set(idleOn(cloud, row.id).map(({ id }) => id));
  const ports = [...cloud.by("port", "network_id", row.id)].filter((port) => !idle.has(port.device_id));
  const named = ports.slice(0, PORTS_NAMED).map((port) => port.id);
  if (named.length > 0) return refused(refusal.networkInUse(row.id, named));
  const floating = [...idle].flatMap((id) => floatingIpGone(cloud, id));
  const subnets = [...cloud.by("subnet", "network_id", row.id)].map((subnet) => removal("subnet", subnet.id));
  return ok([...floating, ...subnets, ...endOfSharing(cloud, row.id), removal("network", row.id)]);
}
