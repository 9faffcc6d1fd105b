/** Port forwardings: ports of a floating IP that lead to ports of a port's address, so that several VMs share one floating IP. */
import { nullable } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { integer, ip, oneOf, text, uuid } from "../resource/scalars.ts";
import { portRange } from "./port-range.ts";

/** Inside or outside, as one number and as a range. */
const onePort = {
  type: nullable(integer(1, 65535)),
  write: "always",
  default: null,
  computed: true,
  filter: true,
  sort: true,
  extension: "floating-ip-port-forwarding",
} as const;
const severalPorts = {
  type: nullable(portRange),
  write: "always",
  default: null,
  filter: true,
  sort: true,
  extension: "floating-ip-port-forwarding-port-ranges",
} as const;

export const portForwarding = resource({
  name: "port_forwarding",
  plural: "port_forwardings",
  segment: "port_forwardings",
  under: { resource: "floatingip", attribute: "floatingip_id" },
  note: "Ports of a floating IP that lead to ports of an address of a port.",
  may: {
    create: ["admin", "member@parent"],
    get: ["admin", "reader@parent"],
    update: ["admin", "member@parent"],
    delete: ["admin", "member@parent"],
  },
  attributes: {
    id: { type: uuid, write: "never", filter: true, sort: true, index: "key", note: "Identity, given by the server." },
    floatingip_id: { type: uuid, write: "never", hidden: "kept", index: true, note: "The floating IP whose ports are forwarded." },
    protocol: {
      type: oneOf("tcp", "udp", "sctp"),
      write: "always",
      filter: true,
      sort: true,
      extension: "floating-ip-port-forwarding",
      note: "Of protocols with ports, those that hosts can translate.",
    },
    external_port: {
      ...onePort,
      note: "The port of the floating IP; null where it is a range.",
    },
    external_port_range: {
      ...severalPorts,
      note: "The same as a range, FIRST:LAST. One of the two must be given.",
    },
    internal_port_id: {
      type: uuid,
      write: "always",
      filter: true,
      sort: true,
      index: true,
      extension: "floating-ip-port-forwarding",
      note: "The port that they lead to.",
    },
    internal_ip_address: {
      type: ip,
      write: "always",
      sort: true,
      extension: "floating-ip-port-forwarding",
      note: "The address of that port, of the floating IP's family.",
    },
    internal_port: {
      ...onePort,
      note: "Where they lead to there; null where it is a range.",
    },
    internal_port_range: {
      ...severalPorts,
      note: "The same as a range: one port, or as many as outside. One of the two must be given.",
    },
    description: {
      type: text(255),
      write: "always",
      default: "",
      filter: true,
      extension: "floating-ip-port-forwarding-description",
      note: "A remark for people.",
    },
  },
});

/** A port forwarding as it is kept: both its ranges are known. */
export type PortForwarding = Omit<Row<typeof portForwarding>, "external_port_range" | "internal_port_range"> & {
  readonly external_port_range: string;
  readonly internal_port_range: string;
};
export type NewPortForwarding = Create<typeof portForwarding>;
export type PortForwardingPatch = Patch<typeof portForwarding>;
