/** The limits of a QoS policy: of bandwidth and of packets, each at most once per direction. */
import { attributes, resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { integer, oneOf, uuid } from "../resource/scalars.ts";

/** Neutron's largest database integer. */
const MOST = 2 ** 31 - 1;

const MAY = {
  create: ["admin", "manager@parent"],
  get: ["admin", "reader@parent", "shared"],
  update: ["admin", "manager@parent"],
  delete: ["admin", "manager@parent"],
} as const;

const rule = attributes({
  id: { type: uuid, write: "never", filter: true, sort: true, index: "key", note: "Identity, given by the server." },
  qos_policy_id: { type: uuid, write: "never", hidden: "kept", index: true, note: "The policy whose limit it is." },
});

/** In thousands per second, or at once. */
const amount = { type: integer(0, MOST), write: "always", filter: true, sort: true } as const;

const direction = attributes({
  direction: {
    type: oneOf("egress", "ingress"),
    write: "always",
    default: "egress",
    filter: true,
    sort: true,
    extension: "qos-bw-limit-direction",
    note: "As the VM sees it: egress is what it sends.",
  },
});

export const bandwidthLimit = resource({
  name: "bandwidth_limit_rule",
  plural: "bandwidth_limit_rules",
  segment: "bandwidth_limit_rules",
  under: { resource: "policy", attribute: "qos_policy_id" },
  note: "How many bits a port may send or receive in a second.",
  may: MAY,
  attributes: {
    ...rule,
    max_kbps: {
      ...amount,
      extension: "qos",
      note: "Kilobits (1000 bits) per second; 0: no limit.",
    },
    max_burst_kbps: {
      ...amount,
      default: 0,
      extension: "qos",
      note: "Kilobits that may come at once; 0: four fifths of what a second may carry, as in Neutron.",
    },
    ...direction,
  },
});

export const packetRateLimit = resource({
  name: "packet_rate_limit_rule",
  plural: "packet_rate_limit_rules",
  segment: "packet_rate_limit_rules",
  under: { resource: "policy", attribute: "qos_policy_id" },
  note: "How many packets a port may send or receive in a second.",
  may: MAY,
  attributes: {
    ...rule,
    max_kpps: {
      ...amount,
      extension: "qos-pps",
      note: "Thousands of packets per second; 0: no limit.",
    },
    max_burst_kpps: {
      ...amount,
      default: 0,
      extension: "qos-pps",
      note: "Thousands of packets that may come at once; 0: what a tenth of a second may carry.",
    },
    direction: { ...direction.direction, extension: "qos-pps" },
  },
});

export type BandwidthLimit = Row<typeof bandwidthLimit>;
export type NewBandwidthLimit = Create<typeof bandwidthLimit>;
export type BandwidthLimitPatch = Patch<typeof bandwidthLimit>;
export type PacketRateLimit = Row<typeof packetRateLimit>;
