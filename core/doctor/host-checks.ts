/** H1 to H6: what the kernel and other people's software on a machine do to packets of ours. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { fabricInterfaces, torsOf } from "../datacenter/racks.ts";
import { carriedFamilies } from "../datacenter/sessions.ts";
import { ofMachines, warning, wrong } from "./check.ts";
import type { Check, Fix, Found } from "./check.ts";
import { isOwn } from "./gateway-checks.ts";
import type { ChainFact } from "./filter-facts.ts";
import type { MachineFacts } from "./facts.ts";
import { allMachines, few, gatewayNamed } from "./places.ts";

const GROUP = "hosts";

export const HOST_CHECKS: readonly Check[] = [
  {
    id: "H1",
    group: GROUP,
    title: "reverse path filters drop nothing that comes by another way than it would go",
    remedy:
      "0 on uplinks (the larger of all and the interface counts); who may send as whom is checked by Margay's own rules. Keep it in /etc/sysctl.d.",
    looks: [
      ofMachines(["compute", "gateway", "tor"], ["sysctls", "counters"], ({ name, sysctls, counters }, center) => {
        const dropped = counters.reverse_path_filter;
        const of = (dev: string) => Number(sysctls[`net/ipv4/conf/${dev}/rp_filter`] ?? 0);
        const strict = uplinksOf(center, name).filter((dev) => Math.max(of("all"), of(dev)) === 1);
        return {
          seen: `not strict on ${few(uplinksOf(center, name))}; ${dropped} packets dropped so far`,
          findings: strict.flatMap((dev) =>
            (of("all") === 1 ? ["all", dev] : [dev])
              .filter((one) => of(one) === 1)
              .map((one) =>
                wrong(
                  `rp_filter of ${one} is 1 (strict); ${dropped} packets dropped so far`,
                  sysctl(`net/ipv4/conf/${one}/rp_filter`, "0"),
                ),
              ),
          ),
        };
      }),
    ],
  },
  {
    id: "H2",
    group: GROUP,
    title: "packets are forwarded, and a machine that lives by router advertisements still takes them",
    remedy: "Forwarding is held by the agent: start it. With forwarding on, Linux takes advertisements only where accept_ra is 2.",
    looks: [
      ofMachines(["compute", "gateway", "tor"], ["sysctls", "routes"], ({ name, sysctls, routes }, center) => ({
        seen: "IPv4 and IPv6 as far as there are ranges",
        findings: [...forwarding(center, sysctls), ...advertised(uplinksOf(center, name), sysctls, routes)],
      })),
    ],
  },
  {
    id: "H3",
    group: GROUP,
    title: "the neighbour tables have room for all machines on the segment",
    remedy:
      "Raise gc_thresh1..3 in /etc/sysctl.d: they hold for all network namespaces of the kernel together. VMs' entries are permanent, and do not count.",
    looks: [
      ofMachines(["compute", "gateway", "tor", "reflector"], ["kernel"], ({ kernel }, center) => {
        const needed = 4 * allMachines(center).length;
        return {
          seen: `room for ${kernel.neighbours["4"].thresholds[2] ?? 0} IPv4 and ${kernel.neighbours["6"].thresholds[2] ?? 0} IPv6 neighbours`,
          findings: (["4", "6"] as const).flatMap((family) => crowded(family, kernel.neighbours[family], needed)),
        };
      }),
    ],
  },
  {
    id: "H4",
    group: GROUP,
    title: "nobody else's packet filter stands in the way, and Margay's own stands",
    remedy:
      "Let VMs' traffic through there (for Docker: the chain DOCKER-USER), or turn that firewall off on this machine: every chain on a hook has a say.",
    looks: [
      ofMachines(["compute", "gateway"], ["filter"], ({ filter }) => {
        const foreign = filter.chains.filter((chain) => !isOwn(chain) && chain.hook !== undefined);
        return {
          seen:
            foreign.length === 0
              ? "no chains of others"
              : `${foreign.length} chains of others that let through: ${few(foreign.map(chainText))}`,
          findings: [
            ...foreign.flatMap(closing),
            ...filter.legacy.map((table) =>
              warning(`the old iptables has a table ${table}, which nft does not show: iptables-legacy-save tells what is in it`),
            ),
            ...(filter.chains.some((chain) => isOwn(chain) && chain.hook !== undefined)
              ? []
              : [wrong(`the table inet margay has no chain on any hook: nothing is filtered`)]),
          ],
        };
      }),
    ],
  },
  {
    id: "H5",
    group: GROUP,
    title: "nothing is left of other networking: agents, bridges, switches",
    remedy: "Stop and disable the agent, then delete its links (ip link delete): two that program one tap undo each other.",
    looks: [
      ofMachines(["compute", "gateway"], ["processes", "links"], ({ processes, links }) => ({
        seen: `${processes.length} processes and ${links.length} links, none of another networking`,
        findings: [
          ...processes.flatMap((line) => (LEFTOVER_AGENT.test(line) ? [wrong(`runs: ${line.slice(0, 80)}`)] : [])),
          ...links
            .filter(({ name }) => LEFTOVER_LINK.test(name))
            .map(({ name, kind }) => warning(`the ${kind || "link"} ${name} is there`)),
        ],
      })),
    ],
  },
  {
    id: "H6",
    group: GROUP,
    title: "VMs that ask for their gateway are answered, route or no route",
    remedy:
      "arp_ignore 0: the addresses are on the link margay0, and are asked for on taps. What is missing on margay0, the agent puts there.",
    looks: [
      ofMachines(["compute"], ["sysctls", "links"], ({ sysctls, links }, center) => {
        const held = new Set(links.find(({ name }) => name === "margay0")?.addresses.map(({ ip }) => ip) ?? []);
        const gateways = gatewaysOf(center);
        const missing = links.some(({ name }) => name.startsWith("tap")) ? gateways.filter((ip) => !held.has(ip)) : [];
        const ignoring = ["all", ...links.map(({ name }) => name).filter((name) => name.startsWith("tap"))].filter(
          (dev) => Number(sysctls[`net/ipv4/conf/${dev}/arp_ignore`] ?? 0) > 0,
        );
        return {
          seen: `${held.size} gateway addresses on margay0, ARP is answered for them on every tap`,
          findings: [
            ...(missing.length === 0 ? [] : [wrong(`${few(missing)} is not on margay0: VMs there have no gateway`)]),
            ...ignoring.map((dev) => {
              const path = `net/ipv4/conf/${dev}/arp_ignore`;
              return wrong(
                `arp_ignore of ${dev} is ${sysctls[path]}: who asks on a tap for an address of margay0 is not answered`,
                sysctl(path, "0"),
              );
            }),
          ],
        };
      }),
    ],
  },
];

export function sysctl(path: string, value: string): Fix {
  return { how: "sysctl", path, value };
}

/** Interfaces towards the fabric and the provider, and of a top-of-rack router those towards its hosts. */
export function uplinksOf(center: DataCenter, name: string): readonly string[] {
  const host = center.hosts.find((one) => one.name === name);
  if (host !== undefined) return fabricInterfaces(center, host);
  const tor = torsOf(center).find((one) => one.name === name);
  if (tor !== undefined) return [tor.uplink, ...(tor.interface === undefined ? [] : [tor.interface])];
  const gateway = gatewayNamed(center, name);
  return [center.fabric.interface, ...(gateway === undefined ? [] : [gateway.upstream.interface])];
}

export function gatewaysOf({ networks }: DataCenter): readonly string[] {
  return [...networks.external.subnets, ...networks.internal.subnets].map(({ gateway }) => gateway);
}

type Sysctls = Readonly<Record<string, string>>;

function forwarding(center: DataCenter, sysctls: Sysctls): readonly Found[] {
  const paths = carriedFamilies(center).map((family) => (family === 4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding"));
  return paths
    .filter((path) => sysctls[path] !== "1")
    .map((path) => wrong(`${path.replaceAll("/", ".")} is ${sysctls[path] ?? "not there"}: nothing is forwarded`));
}

function advertised(
  uplinks: readonly string[],
  sysctls: Sysctls,
  routes: Extract<MachineFacts["routes"], { known: true }>["value"],
): readonly Found[] {
  return uplinks.flatMap((dev) => {
    const path = `net/ipv6/conf/${dev}/accept_ra`;
    const lives = routes.some((route) => route.dev === dev && route.protocol === "ra" && route.prefix === "::/0");
    if (!lives || sysctls[path] !== "1" || sysctls["net/ipv6/conf/all/forwarding"] !== "1") return [];
    return [
      wrong(`the IPv6 default route by ${dev} is of router advertisements, which are not taken any more: it runs out`, sysctl(path, "2")),
    ];
  });
}

interface NeighbourTable {
  readonly thresholds: readonly number[];
  readonly full: number;
}

/** How many there are says little: permanent ones, such as VMs', do not count (Linux 5.0). */
function crowded(family: "4" | "6", { thresholds, full }: NeighbourTable, needed: number): readonly Found[] {
  const [, , most = 0] = thresholds;
  const fix = sysctl(`net/ipv${family}/neigh/default/gc_thresh3`, String(Math.max(8192, 2 * most, 2 * needed)));
  return [
    ...(most < needed
      ? [wrong(`gc_thresh3 of IPv${family} is ${most}, and ${needed} machines' entries with some to spare do not fit`, fix)]
      : []),
    ...(full > 0 ? [warning(`the IPv${family} neighbour table was full ${full} times since the machine booted`, fix)] : []),
  ];
}

function chainText({ table, name, hook, priority }: ChainFact): string {
  return `${table} ${name} (${hook} ${priority})`;
}

const BY_HOOKS: Readonly<Record<string, string>> = {
  forward: "VMs' packets end there",
  input: "DHCP, ARP proxies and BGP end there",
  output: "BGP and DHCP answers end there",
};

/** Somebody else's chain that ends packets: by its policy, or by a rule. */
function closing(chain: ChainFact): readonly Found[] {
  const why = BY_HOOKS[chain.hook ?? ""];
  if (chain.policy === "drop") return [wrong(`${chainText(chain)} drops what it does not know: ${why ?? "packets end there"}`)];
  const ends = chain.rules.filter(({ ends }) => ends).length;
  return ends === 0 ? [] : [warning(`${chainText(chain)} has ${ends} rules that end packets`)];
}

const LEFTOVER_AGENT =
  /\b(neutron-(openvswitch|linuxbridge|l3|dhcp|(ovn-)?metadata|sriov-nic|macvtap)|ov(n-controller|s-vswitchd|n-bgp-agent)|calico-(felix|dhcp|node))/;
const LEFTOVER_LINK =
  /^(br-(int|ex|tun)|ovs-system|q(br|vo|vb|r|g)[0-9a-f-]*-?[0-9a-f]+|brq[0-9a-f-]+|vxlan_sys_\d+|genev_sys_\d+|cali[0-9a-f]+|patch-(tun|int))$/;
