/**
 * Floating IPs: an address of an external network that leads to a port by the port's own address. The host that serves
 * the port translates between the two, so no router stands in between.
 */
import type { Ip } from "../net/address.ts";
import { ADMIN_OR_OWNER } from "../policy/rule.ts";
import { list, must, nullable, record } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag, integer, ip, mac, oneOf, text, uuid } from "../resource/scalars.ts";
import { dnsDomain, dnsName } from "./dns-names.ts";
import { chronicled, identity, tagged } from "./standard.ts";

const portDetails = record({
  name: must(text(255)),
  network_id: must(uuid),
  mac_address: must(mac),
  admin_state_up: must(flag),
  status: must(text(16)),
  device_id: must(text(255)),
  device_owner: must(text(255)),
});

const forwardings = list(
  record({
    id: must(uuid),
    protocol: must(text(16)),
    external_port: must(nullable(integer(1, 65535))),
    external_port_range: must(text(11)),
    internal_port_id: must(uuid),
    internal_ip_address: must(ip),
    internal_port: must(nullable(integer(1, 65535))),
    internal_port_range: must(text(11)),
  }),
);

export const floatingip = resource({
  name: "floatingip",
  plural: "floatingips",
  note: "An address of an external network that leads to a port.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    floating_ip_address: {
      type: nullable(ip),
      write: "create",
      default: null,
      filter: true,
      sort: true,
      index: true,
      guard: { create: ["admin", "manager@owner"] },
      note: "The address. Null: a free one of the network.",
    },
    subnet_id: { type: nullable(uuid), write: "create", default: null, hidden: "wish", note: "The subnet that the address is to be from." },
    floating_network_id: {
      type: uuid,
      write: "create",
      filter: true,
      sort: true,
      index: true,
      note: "The external network that the address is from.",
    },
    router_id: {
      type: nullable(uuid),
      write: "never",
      filter: true,
      sort: true,
      index: true,
      note: "The router between the port's subnet and the external network; none where the port's network is shared.",
    },
    port_id: { type: nullable(uuid), write: "always", default: null, filter: true, index: true, note: "The port that it leads to." },
    fixed_ip_address: {
      type: nullable(ip),
      write: "always",
      default: null,
      filter: true,
      sort: true,
      index: true,
      note: "The port's address, of the same family, that it stands for. Null: its only one.",
    },
    status: {
      type: oneOf("ACTIVE", "DOWN"),
      write: "never",
      computed: true,
      filter: true,
      sort: true,
      note: "ACTIVE while it leads somewhere.",
    },
    dns_name: { type: dnsName, write: "create", default: "", extension: "dns-integration", note: "A host name, kept for its owner." },
    dns_domain: { type: dnsDomain, write: "create", default: "", extension: "dns-integration", note: "A domain, kept for its owner." },
    port_details: {
      type: nullable(portDetails),
      write: "never",
      computed: true,
      extension: "fip-port-details",
      note: "What clients want to know of the port, so that they need not ask for it.",
    },
    port_forwardings: {
      type: forwardings,
      write: "never",
      computed: true,
      extension: "expose-port-forwarding-in-fip",
      note: "Its port forwardings.",
    },
    ...chronicled,
    ...tagged,
  },
});

/** A floating IP as it is kept: it has an address. */
export type FloatingIp = Omit<Row<typeof floatingip>, "floating_ip_address"> & { readonly floating_ip_address: Ip };
export type NewFloatingIp = Create<typeof floatingip>;
export type FloatingIpPatch = Patch<typeof floatingip>;

/** Owner of the device that the address of a floating IP is kept by. */
export const FLOATING_OWNER = "network:floatingip";
