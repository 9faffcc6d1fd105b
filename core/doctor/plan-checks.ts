/** A1 to A6: the address plan, and how it stands up to use. */
import type { DataCenter, Gateway, SubnetPlan } from "../datacenter/data-center.ts";
import { machinePrefixes } from "../datacenter/racks.ts";
import { privateRanges, rangesOf, retiringRanges } from "../datacenter/ranges.ts";
import { showSpan, spanSize } from "../datacenter/span.ts";
import { range4, translation } from "../datacenter/warnings.ts";
import { poolOf } from "../intent/pnat-pool.ts";
import { familyOf } from "../net/address.ts";
import { covers, lengthOf } from "../net/prefix.ts";
import { ofCloud, ofFile, ofMachines, ofMachinesAndCloud, warning, wrong } from "./check.ts";
import type { Check, Found } from "./check.ts";
import type { SubnetUse } from "./cloud-facts.ts";
import { few, many, gatewayNamed, meetsRange, prefixIn } from "./places.ts";

const GROUP = "address plan";
/** Links that Margay made, and taps: addresses of ours belong there. */
const OURS = /^(margay|tap|lo$)/;

export const PLAN_CHECKS: readonly Check[] = [
  {
    id: "A1",
    group: GROUP,
    title: "ranges are apart from each other, from the fabric and from whatever else is on the machines",
    remedy: "Give the other one addresses from elsewhere (libvirt, Docker and VPNs have a setting), or choose another range.",
    looks: [
      ofFile((center) => ({
        seen: `${rangesOf(center).join(", ")} and the fabric ${few(machinePrefixes(center))} are apart`,
        findings: range4(center)
          .filter(({ path }) => path[1] === "private")
          .map(({ message }) => warning(message)),
      })),
      ofMachines(["compute", "gateway", "tor", "reflector", "controller"], ["links", "routes"], ({ links, routes }, center) => {
        const addresses = links.flatMap(({ name, addresses: own }) => (OURS.test(name) ? [] : own.map(({ ip }) => ({ name, ip }))));
        const others = routes.filter(
          ({ protocol, type, dev }) => !["bird", "88", "87"].includes(protocol) && type === "unicast" && !OURS.test(dev),
        );
        return {
          seen: `${addresses.length} addresses, ${others.length} routes of others, none of them in a range`,
          findings: [
            ...addresses.flatMap(({ name, ip }) => {
              const prefix = prefixIn(ip);
              const range = prefix && meetsRange(center, prefix);
              return range === undefined ? [] : [wrong(`${name} has ${ip}, which is in the range ${range}`)];
            }),
            ...others.flatMap(({ prefix, dev, protocol }) => {
              const cidr = prefixIn(prefix);
              const range = cidr && lengthOf(cidr) > 0 ? meetsRange(center, cidr) : undefined;
              return range === undefined ? [] : [wrong(`a route to ${prefix} by ${dev} (protocol ${protocol}) meets the range ${range}`)];
            }),
          ],
        };
      }),
    ],
  },
  {
    id: "A2",
    group: GROUP,
    title: "subnets' gateway addresses are nobody else's, and never on the wire",
    remedy: "Take the address from whoever has it; hosts answer for it themselves, each on its own link margay0.",
    looks: [
      ofCloud(({ subnets }) => ({
        seen: `${subnets.length} subnets, none of whose gateway addresses a port has`,
        findings: subnets.flatMap(({ name, gateway_ip: ip, claims_gateway: claims }) =>
          claims.length === 0 ? [] : [wrong(`${ip}, gateway of ${name}, is an address of port ${few(claims)}`)],
        ),
      })),
      ofMachines(["compute", "gateway", "tor", "controller"], ["links", "neighbours"], ({ links, neighbours }, center) => {
        const gateways = subnetsOf(center).map(({ gateway }) => String(gateway));
        const held = links.flatMap(({ name, addresses }) => (OURS.test(name) ? [] : addresses.map(({ ip }) => ({ name, ip }))));
        const seen = neighbours.filter(
          ({ states, lladdr }) => lladdr !== "" && !states.includes("PERMANENT") && !states.includes("FAILED"),
        );
        return {
          seen: `${few(gateways, 4)}: on no link of others, and no neighbour answers for them`,
          findings: [
            ...held
              .filter(({ ip }) => gateways.includes(ip))
              .map(({ name, ip }) => wrong(`${name} has ${ip}, the gateway address of a subnet`)),
            ...seen
              .filter(({ ip, dev }) => gateways.includes(ip) && !OURS.test(dev))
              .map(({ ip, dev, lladdr }) => wrong(`${lladdr} on ${dev} answers for ${ip}, the gateway address of a subnet`)),
          ],
        };
      }),
    ],
  },
  {
    id: "A3",
    group: GROUP,
    title: "the IPv6 range is halved evenly, and each half leaves room for SLAAC",
    remedy: "Declare a /63 for two subnets of /64 each; with another length guests need DHCPv6 for an address.",
    looks: [
      ofFile((center) => {
        const six = subnetsOf(center).filter(({ cidr }) => familyOf(cidr) === 6);
        if (six.length === 0) return undefined;
        return {
          seen: six.map(({ name, cidr }) => `${name} ${cidr}`).join(", "),
          // Longer ones are refused when the file is read.
          findings: six
            .filter(({ cidr }) => lengthOf(cidr) < 64)
            .map(({ name, cidr }) =>
              warning(`${name} ${cidr} is shorter than a /64: guests do no SLAAC there (RFC 4862, 5.5.3), only DHCPv6`),
            ),
        };
      }),
      ofCloud(({ subnets }) => ({
        seen: "subnets of projects as well",
        findings: subnets
          .filter(({ cidr }) => familyOf(cidr) === 6 && lengthOf(cidr) > 64)
          .map(({ name, network, cidr }) => warning(`${name} on ${network} is ${cidr}: no guest can make itself an address there`)),
      })),
    ],
  },
  {
    id: "A4",
    group: GROUP,
    title: "a released address rests before somebody else gets it",
    remedy:
      "Set cloud.quarantine_seconds to 60 or more in controller.yaml; an address that is announced while it rests is of an agent that does not listen.",
    looks: [
      ofCloud(({ quarantine_seconds: seconds, resting }) => ({
        seen: `${seconds} s; ${resting.length} addresses rest now`,
        findings:
          seconds === 0
            ? [wrong("cloud.quarantine_seconds is 0: whoever remembers the last port of an address speaks with the next")]
            : seconds < 30
              ? [warning(`cloud.quarantine_seconds is ${seconds}: neighbours' caches remember for 30 s and more (RFC 4861)`)]
              : [],
      })),
      ofMachinesAndCloud(["compute"], ["routes"], ({ routes }, { resting }) => {
        const all = new Set<string>(resting);
        const served = routes.filter(
          ({ protocol, dev, prefix }) => protocol === "88" && dev.startsWith("tap") && all.has(prefix.replace(/\/.*/, "")),
        );
        return {
          seen: "serves no address that rests",
          findings: served.map(({ prefix, dev }) => wrong(`${prefix} rests, and still leads to ${dev}`)),
        };
      }),
    ],
  },
  {
    id: "A5",
    group: GROUP,
    title: "pools have addresses left, those that rest counted in",
    remedy: "Widen the pools (networks.*.pools4 in the file), or delete ports that nobody uses: openstack port list --device-owner ''.",
    looks: [
      ofFile((center) => ({
        seen: subnetsOf(center)
          .map(({ name, pools }) => `${name} ${few(pools.map(showSpan))}`)
          .join("; "),
        findings: [],
      })),
      ofCloud(({ subnets }, center) => {
        const leaves = ({ cidr }: SubnetUse) => retiringRanges(center).some((range) => covers(range, cidr));
        return {
          seen: subnets
            .map(
              (one) =>
                `${one.name} ${leaves(one) ? `retires, ${many(one.used, "port")} left` : `${one.used + one.resting} of ${one.total}`}`,
            )
            .join(", "),
          findings: subnets.flatMap((one) => (leaves(one) ? outlived(one) : scarce(one))),
        };
      }),
    ],
  },
  {
    id: "A6",
    group: GROUP,
    title: "port-NAT has addresses enough for the private range",
    remedy: "Give gateways larger pools (gateways[].pnat), or a gateway more: one address for each 256 VMs that talk outside.",
    looks: [
      ofFile((center) => {
        const pools = center.gateways.flatMap((gateway) => poolOf(center, gateway) ?? []);
        const closed = few(privateRanges(center));
        if (closed === "") return undefined;
        if (pools.length === 0) return { seen: "", findings: [wrong(`no gateway has a pool, so nothing of ${closed} gets outside`)] };
        const scarce = translation(center).filter(({ message }) => message.includes("VMs"));
        return {
          seen: `${pools.map(showSpan).join(", ")} for ${closed}`,
          findings: scarce.map(({ message }) => warning(message)),
        };
      }),
      ofMachines(["gateway"], ["sysctls"], ({ name, sysctls }, center) => {
        const gateway = gatewayNamed(center, name);
        const pool = gateway && poolOf(center, gateway);
        if (pool === undefined) return undefined;
        const ports = Number(spanSize(pool)) * PORTS;
        const flows = Number(sysctls["net/netfilter/nf_conntrack_count"] ?? 0);
        const what = `${flows} flows tracked, ${ports} ports in the pool ${showSpan(pool)}`;
        return { seen: what, findings: flows >= ports ? [wrong(what)] : flows >= 0.8 * ports ? [warning(what)] : [] };
      }),
      ofCloud(({ subnets }, center) => {
        const closed = privateRanges(center);
        const size = center.gateways.reduce((sum, gateway) => sum + sizeOfPool(center, gateway), 0);
        if (closed.length === 0 || size === 0) return undefined;
        const vms = subnets.filter(({ cidr }) => closed.some((range) => covers(range, cidr))).reduce((sum, { used }) => sum + used, 0);
        const each = vms === 0 ? "" : `: ${Math.floor((size * PORTS) / vms)} connections each to one destination`;
        const what = `${vms} ports on private addresses, ${size} addresses in all pools${each}`;
        return { seen: what, findings: vms > size * VMS_PER_ADDRESS ? [warning(what)] : [] };
      }),
    ],
  },
];

function scarce({ name, used, resting, total }: SubnetUse): readonly Found[] {
  const share = total === 0 ? 1 : (used + resting) / total;
  const what = `${name}: ${used} of ${total} addresses in use, ${resting} rest (${Math.round(share * 100)} %)`;
  return share >= 0.95 ? [wrong(what)] : share >= 0.8 ? [warning(what)] : [];
}

function outlived({ name, used }: SubnetUse): readonly Found[] {
  return used > 0 ? [] : [warning(`${name} retires, and nobody has an address of it: leave it out of ranges.retiring`)];
}

/** Ports of one address that connections of others may have: 1024 to 65535. */
const PORTS = 64_512;
const VMS_PER_ADDRESS = 256;

function sizeOfPool(center: DataCenter, gateway: Gateway): number {
  const pool = poolOf(center, gateway);
  return pool === undefined ? 0 : Number(spanSize(pool));
}

function subnetsOf({ networks }: DataCenter): readonly SubnetPlan[] {
  return [...networks.external.subnets, ...networks.internal.subnets];
}
