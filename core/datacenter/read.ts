/**
 * From a data centre file to the data centre: its form first, then what must hold between its parts, then everything that
 * may be left out. A file with anything wrong in it is refused whole, with all that is wrong.
 */
import { halvesOf } from "../net/prefix.ts";
import { checkDuplicates, checkMachines, checkOverlaps, checkRanges } from "./check-addresses.ts";
import { checkGateways, checkPeering } from "./check-gateways.ts";
import { checkHosts } from "./check-hosts.ts";
import { checkRacks } from "./check-racks.ts";
import type {
  Bfd,
  DataCenter,
  Fabric,
  Gateway,
  Guard,
  Host,
  LabPlan,
  Link,
  Machine,
  Rack,
  Ranges,
  RangesOfKinds,
  Translation,
  Upstream,
  UpstreamSession,
} from "./data-center.ts";
import { linksOf, rackAddress } from "./declared-racks.ts";
import { checkSecond } from "./check-second.ts";
import { checkTranslation } from "./check-pnat.ts";
import { labOf } from "./lab-plan.ts";
import { LAYOUT } from "./layout.ts";
import type {
  Declared,
  DeclaredGateway,
  DeclaredHost,
  DeclaredMachine,
  DeclaredRack,
  DeclaredRanges,
  DeclaredRouter,
  DeclaredUpstream,
} from "./layout.ts";
import { networksOf } from "./networks.ts";
import { sourceOf } from "./source.ts";
import type { Finding } from "./source.ts";

export type Reading = { readonly ok: true; readonly value: DataCenter } | { readonly ok: false; readonly findings: readonly Finding[] };

/** `document` is plain data, as it comes out of YAML or JSON. */
export function readDataCenter(document: unknown): Reading {
  const source = sourceOf(document);
  const declared = LAYOUT(source, []);
  if (declared === undefined) return { ok: false, findings: source.findings };
  checkRanges(declared, source);
  checkOverlaps(declared, source);
  checkRacks(declared, source);
  checkMachines(declared, source);
  checkHosts(declared, source);
  checkDuplicates(declared, source);
  checkGateways(declared, source);
  checkPeering(declared, source);
  checkSecond(declared, source);
  checkTranslation(declared, source);
  const networks = networksOf(declared, source);
  const lab = labOf(declared, source);
  if (source.findings.length > 0) return { ok: false, findings: source.findings };
  return { ok: true, value: assemble(declared, networks, sure(lab)) };
}

function assemble(declared: Declared, networks: DataCenter["networks"], lab: LabPlan): DataCenter {
  return {
    name: sure(declared.name),
    ranges: rangesOf(declared),
    networks,
    dns: sure(declared.dns).map(sure),
    ...(sure(declared.resolvers).length > 0 && { resolvers: sure(declared.resolvers).map(sure) }),
    mtu: sure(declared.mtu),
    ...(declared.pnat && { pnat: translationOf(declared.pnat) }),
    ...(declared.tunnels === "open" && { tunnels: "open" as const }),
    fabric: fabricOf(declared),
    controllers: sure(declared.controllers).map((machine) => machineOf(sure(machine))),
    reflectors: sure(declared.reflectors).map((machine) => routerOf(sure(machine))),
    ...(sure(declared.racks).length > 0 && { racks: sure(declared.racks).map((rack) => rackOf(declared, sure(rack))) }),
    hosts: sure(declared.hosts).map((host, index) => hostOf(declared, sure(host), index)),
    gateways: sure(declared.gateways).map((gateway) => gatewayOf(sure(gateway))),
    lab,
  };
}

function translationOf({ untranslated, ports_per_vm, filtering, log }: NonNullable<Declared["pnat"]>): Translation {
  return {
    untranslated: sure(untranslated).map(sure),
    ...(ports_per_vm !== undefined && { ports_per_vm }),
    ...(filtering === "full cone" && { filtering }),
    ...(log === "connections" && { log }),
  };
}

function rangesOf(declared: Declared): Ranges {
  const { retiring, ...ranges } = sure(declared.ranges);
  return { ...kindsOf(declared, ranges), ...(retiring && { retiring: kindsOf(declared, retiring) }) };
}

function kindsOf({ networks }: Declared, { public: open, private: closed, ipv6 }: DeclaredRanges): RangesOfKinds {
  const [external, internal] = (ipv6 && halvesOf(ipv6)) ?? [];
  const half = ["unadvertised", "none"].includes(networks?.internal?.ipv6 ?? "advertised");
  return {
    ...(open && { public: open }),
    ...(closed && { private: closed }),
    ...(ipv6 && external && internal && { ipv6: { whole: ipv6, external, internal, ...(half && { announced: "external half" }) } }),
  };
}

function fabricOf({ fabric, reflectors }: Declared): Fabric {
  const { asn, ipv4, ipv6, loopbacks4, loopbacks6, peering, interface: link, bfd, second } = sure(fabric);
  return {
    asn: sure(asn),
    ...(ipv4 && { ipv4 }),
    ...(ipv6 && { ipv6 }),
    ...(loopbacks4 && { loopbacks4 }),
    ...(loopbacks6 && { loopbacks6 }),
    peering: peering ?? (sure(reflectors).length > 0 ? "reflectors" : "direct"),
    interface: sure(link),
    ...(second && { second: linkOf(second) }),
    ...bfdOf(bfd),
    ...guardOf(sure(fabric)),
  };
}

function linkOf({ interface: link, ipv4, ipv6 }: NonNullable<NonNullable<Declared["fabric"]>["second"]>): Link {
  return { interface: sure(link), ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) };
}

function guardOf({ ttl_security, password_file }: Pick<DeclaredUpstream, "ttl_security" | "password_file">): { readonly guard?: Guard } {
  const guard: Guard = { ...(ttl_security === "on" && { ttl_security: true }), ...(password_file !== undefined && { password_file }) };
  return Object.keys(guard).length === 0 ? {} : { guard };
}

function bfdOf(bfd: Bfd | "off" | undefined): { readonly bfd?: Bfd } {
  return bfd === undefined || bfd === "off" ? {} : { bfd };
}

function machineOf({ name, ipv4, ipv6 }: DeclaredMachine): Machine {
  return { name: sure(name), ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) };
}

function routerOf({ platform, ...machine }: DeclaredRouter): Machine {
  return { ...machineOf(machine), ...(platform !== undefined && { platform }) };
}

function rackOf({ fabric }: Declared, rack: DeclaredRack): Rack {
  const { name, asn, peering, ipv4, ipv6 } = rack;
  const tor = sure(rack.tor);
  const [rack4, rack6] = [rackAddress(rack, 4), rackAddress(rack, 6)];
  return {
    name: sure(name),
    ...(asn !== undefined && { asn }),
    peering: sure(peering),
    ...(ipv4 && { ipv4 }),
    ...(ipv6 && { ipv6 }),
    tor: {
      ...routerOf(tor),
      uplink: tor.uplink ?? sure(fabric?.interface),
      ...(tor.interface !== undefined && { interface: tor.interface }),
      ...(rack4 && { rack4 }),
      ...(rack6 && { rack6 }),
    },
  };
}

function hostOf(declared: Declared, host: DeclaredHost, index: number): Host {
  const links = linksOf(declared, host, ["hosts", index]);
  const uplinks = links.map(({ rack, interface: link, ipv4, ipv6, port }) => ({
    rack: sure(rack),
    interface: sure(link),
    ...(ipv4 && { ipv4 }),
    ...(ipv6 && { ipv6 }),
    ...(port !== undefined && { port }),
  }));
  return { ...machineOf(host), ...(uplinks.length > 0 && { uplinks }) };
}

function gatewayOf(gateway: DeclaredGateway): Gateway {
  const { asn, ipv4, ipv6, interface: link, bfd } = sure(gateway.upstream);
  const upstream: Upstream = {
    asn: sure(asn),
    interface: sure(link),
    ...(ipv4 && { ipv4: sessionOf(ipv4) }),
    ...(ipv6 && { ipv6: sessionOf(ipv6) }),
    ...bfdOf(bfd),
    ...guardOf(sure(gateway.upstream)),
  };
  return { ...routerOf(gateway), upstream, ...(gateway.pnat && { pnat: gateway.pnat }) };
}

function sessionOf({ address, peer }: NonNullable<NonNullable<DeclaredGateway["upstream"]>["ipv4"]>): UpstreamSession {
  return { local: sure(address), peer: sure(peer) };
}

/** What is undefined in a file without findings has been blamed by nobody: a bug of the form or of a check. */
function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a value of the data centre file is missing that nobody complained about");
  return value;
}
