/**
 * Routers: what Neutron's clients connect subnets with. Every address is routed in one space that all hosts share, so
 * nothing passes through a router; it says which subnets belong together and by which external network they are reached.
 */
import { ADMIN, ADMIN_OR_OWNER } from "../policy/rule.ts";
import { isObject, list, may, must, nullable, record } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag, oneOf, text, uuid } from "../resource/scalars.ts";
import type { Type, TypeOf } from "../resource/type.ts";
import { hostRoutes } from "./host-routes.ts";
import { fixedIps } from "./port-types.ts";
import { administered, chronicled, identity, named, tagged } from "./standard.ts";

const gateway = record({ network_id: must(uuid), external_fixed_ips: may(fixedIps), enable_snat: may(flag) });

/** By which external network, at which addresses. */
export type GatewayInfo = TypeOf<typeof gateway>;

/** `{}` is how older clients say none. */
const gatewayInfo: Type<GatewayInfo | null> = {
  ...nullable(gateway),
  read: (raw) => nullable(gateway).read(isObject(raw) && Object.keys(raw).length === 0 ? null : raw),
};

const OWN = { create: ADMIN_OR_OWNER, update: ADMIN_OR_OWNER };
const ADMIN_WRITES = { create: ADMIN, update: ADMIN };

export const router = resource({
  name: "router",
  plural: "routers",
  note: "Which subnets belong together, and by which external network they are reached. Nothing passes through it.",
  may: { create: ADMIN_OR_OWNER, get: ["admin", "reader@owner"], update: ADMIN_OR_OWNER, delete: ADMIN_OR_OWNER },
  attributes: {
    ...identity,
    ...named,
    ...administered,
    status: { type: oneOf("ACTIVE"), write: "never", sort: true, note: "ACTIVE from the start." },
    external_gateway_info: {
      type: gatewayInfo,
      write: "always",
      default: null,
      computed: true,
      guard: OWN,
      guardMembers: { network_id: OWN, enable_snat: ADMIN_WRITES, external_fixed_ips: ADMIN_WRITES },
      note: "The external network, the router's addresses there, and whether it may translate. Which addresses are translated follows from their range.",
    },
    enable_snat: { type: flag, write: "never", hidden: "kept", note: "Told as part of external_gateway_info." },
    availability_zone_hints: {
      type: list(text(255), { unique: true }),
      write: "create",
      default: [],
      extension: "router_availability_zone",
      note: "Zones that it is wished in.",
    },
    availability_zones: {
      type: list(text(255)),
      write: "never",
      computed: true,
      extension: "router_availability_zone",
      note: "Zones that it is in: all there are, for every host does its work.",
    },
    routes: {
      type: hostRoutes,
      write: "change",
      extension: "extraroute",
      note: "Prefixes that are reached by a gateway or another router on one of its subnets; by machines, no traffic would pass.",
    },
    ...chronicled,
    ...tagged,
  },
});

export type Router = Row<typeof router>;
export type NewRouter = Create<typeof router>;
export type RouterPatch = Patch<typeof router>;
