/** Which QoS policy a port follows, what its limits are, and who may point to it. */
import { maySee } from "../policy/may.ts";
import type { Who } from "../policy/who.ts";
import type { Refusal } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Port } from "./port.ts";
import { qosPolicy } from "./qos-policy.ts";
import type { QosPolicy } from "./qos-policy.ts";
import type { BandwidthLimit, PacketRateLimit } from "./qos-rule.ts";
import { sharingFor } from "./sharing.ts";

/** The port's own policy, or else its network's. Devices of the network itself follow no network's policy, as in Neutron. */
export function policyOf(cloud: Cloud, port: Pick<Port, "qos_policy_id" | "network_id" | "device_owner">): QosPolicy | undefined {
  const id = port.qos_policy_id ?? (port.device_owner.startsWith("network:") ? null : networkPolicyOf(cloud, port));
  return id === null ? undefined : cloud.get("qos_policy", id);
}

export function networkPolicyOf(cloud: Cloud, { network_id: network }: Pick<Port, "network_id">): string | null {
  return cloud.get("network", network)?.qos_policy_id ?? null;
}

export interface Limits {
  readonly bandwidth: readonly BandwidthLimit[];
  readonly packets: readonly PacketRateLimit[];
}

export function limitsOfPolicy(cloud: Cloud, policy: string): Limits {
  return {
    bandwidth: [...cloud.by("bandwidth_limit_rule", "qos_policy_id", policy)],
    packets: [...cloud.by("packet_rate_limit_rule", "qos_policy_id", policy)],
  };
}

export function seesPolicy(cloud: Cloud, policy: QosPolicy, who: Who): boolean {
  const target = { owner: policy.project_id, ...sharingFor(cloud, policy.id, who), fields: policy };
  return maySee(qosPolicy, { who, target, policy: cloud.settings.policy });
}

/** What an object points to now, and what it is to point to; undefined: as now. */
export interface Pointing {
  readonly from: string | null;
  readonly to: string | null | undefined;
}

/** Nobody points to a policy that they cannot see, nor takes one away that somebody above them has set. */
export function wrongPolicy(cloud: Cloud, { from, to }: Pointing, who: Who): Refusal | undefined {
  if (to === undefined || to === from) return undefined;
  const next = to === null ? undefined : cloud.get("qos_policy", to);
  if (to !== null && (next === undefined || !seesPolicy(cloud, next, who))) return policyNotFound(to);
  const before = from === null ? undefined : cloud.get("qos_policy", from);
  return before !== undefined && !seesPolicy(cloud, before, who) ? mayNotRemove(before.id) : undefined;
}

export function policyNotFound(id: string): Refusal {
  return { status: 404, type: "QosPolicyNotFound", message: `QoS policy ${id} could not be found.` };
}

function mayNotRemove(id: string): Refusal {
  return {
    status: 403,
    type: "PolicyRemoveAuthorizationError",
    message: `Failed to remove provided policy ${id} because you are not authorized.`,
  };
}
