/** What a data centre file looks like: every key, whether it may be left out, and what then holds. */
import { ROUTER_PLATFORMS } from "./data-center.ts";
import { list, mapping, needed, optional, otherwise } from "./form.ts";
import {
  USUAL_BFD,
  portsPerVm,
  absolutePath,
  address,
  asn,
  bfd,
  hostName,
  interfaceAddress,
  interfaceName,
  mtu,
  networkName,
  oneOf,
  prefix,
  span,
} from "./values.ts";

const machine = { name: needed(hostName), ipv4: optional(address(4)), ipv6: optional(address(6)) };

const router = { ...machine, platform: optional(oneOf(...ROUTER_PLATFORMS)) };

/** A top-of-rack router: on the core segment like other machines, and on the segment of its rack. */
const tor = mapping({
  ...router,
  uplink: optional(interfaceName),
  interface: optional(interfaceName),
  rack4: optional(address(4)),
  rack6: optional(address(6)),
});

const rack = mapping({
  name: needed(hostName),
  asn: optional(asn),
  peering: otherwise("numbered", oneOf("numbered", "unnumbered")),
  ipv4: optional(prefix(4)),
  ipv6: optional(prefix(6)),
  tor: needed(tor),
});

/** One of several ways from a host to the fabric. */
const uplink = mapping({
  rack: needed(hostName),
  interface: needed(interfaceName),
  ipv4: optional(address(4)),
  ipv6: optional(address(6)),
  port: optional(interfaceName),
});

const host = mapping({ ...machine, rack: optional(hostName), port: optional(interfaceName), uplinks: list(uplink) });

const guard = { ttl_security: optional(oneOf("on", "off")), password_file: optional(absolutePath) };

const upstream = mapping({
  asn: needed(asn),
  interface: needed(interfaceName),
  bfd: optional(bfd),
  ...guard,
  ipv4: optional(mapping({ address: needed(interfaceAddress(4)), peer: needed(address(4)) })),
  ipv6: optional(mapping({ address: needed(interfaceAddress(6)), peer: needed(address(6)) })),
});

/** Exceptions to what follows from the ranges. */
const network = {
  name: optional(networkName),
  gateway4: optional(address(4)),
  gateway6: optional(address(6)),
  pools4: list(span(4)),
  pools6: list(span(6)),
};

const ranges = { public: optional(prefix(4)), private: optional(prefix(4)), ipv6: optional(prefix(6)) };

export const LAYOUT = mapping({
  name: needed(hostName),
  // Left out, they are none at all, which is said in better words than that a key is missing.
  ranges: otherwise(
    { public: undefined, private: undefined, ipv6: undefined, retiring: undefined },
    mapping({ ...ranges, retiring: optional(mapping(ranges)) }),
  ),
  networks: optional(
    mapping({
      external: optional(mapping(network)),
      internal: optional(mapping({ ...network, ipv6: optional(oneOf("advertised", "unadvertised", "none")) })),
    }),
  ),
  dns: list(address()),
  resolvers: list(address()),
  mtu: otherwise(1500, mtu),
  pnat: optional(
    mapping({
      untranslated: list(prefix(4)),
      ports_per_vm: optional(portsPerVm),
      filtering: optional(oneOf("symmetric", "full cone")),
      log: optional(oneOf("nothing", "connections")),
    }),
  ),
  tunnels: optional(oneOf("closed", "open")),
  fabric: needed(
    mapping({
      asn: needed(asn),
      interface: needed(interfaceName),
      ipv4: optional(prefix(4)),
      ipv6: optional(prefix(6)),
      bfd: otherwise(USUAL_BFD, bfd),
      ...guard,
      loopbacks4: optional(prefix(4)),
      loopbacks6: optional(prefix(6)),
      peering: optional(oneOf("reflectors", "direct", "mesh")),
      second: optional(mapping({ interface: needed(interfaceName), ipv4: optional(prefix(4)), ipv6: optional(prefix(6)) })),
    }),
  ),
  controllers: list(mapping(machine)),
  reflectors: list(mapping(router)),
  racks: list(rack),
  hosts: list(host),
  gateways: list(mapping({ ...router, upstream: needed(upstream), pnat: optional(span(4)) })),
  lab: optional(mapping({ outside4: optional(prefix(4)), outside6: optional(prefix(6)) })),
});

/** What a file declares, as read: each value, or undefined where it is absent or was blamed. */
export type Declared = NonNullable<ReturnType<typeof LAYOUT>>;
export type DeclaredRanges = Omit<NonNullable<Declared["ranges"]>, "retiring">;
export type DeclaredMachine = NonNullable<NonNullable<Declared["controllers"]>[number]>;
export type DeclaredRouter = NonNullable<NonNullable<Declared["reflectors"]>[number]>;
export type DeclaredHost = NonNullable<NonNullable<Declared["hosts"]>[number]>;
export type DeclaredUplink = NonNullable<NonNullable<DeclaredHost["uplinks"]>[number]>;
export type DeclaredRack = NonNullable<NonNullable<Declared["racks"]>[number]>;
export type DeclaredGateway = NonNullable<NonNullable<Declared["gateways"]>[number]>;
export type DeclaredUpstream = NonNullable<DeclaredGateway["upstream"]>;
