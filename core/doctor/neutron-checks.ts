/** N1 to N7: what the cloud's rows say, beside what the machines hold. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { gatewaysKept } from "../datacenter/networks.ts";
import { plan } from "../datacenter/plan.ts";
import type { PlannedSubnet } from "../datacenter/plan.ts";
import { UNANNOUNCED_METRIC } from "../kinds/route.ts";
import { ofCloud, ofMachines, ofMachinesAndCloud, warning, wrong } from "./check.ts";
import type { Check, Found } from "./check.ts";
import type { CloudFacts, OpenGroup, SubnetRow } from "./cloud-facts.ts";
import type { RouteFact } from "./facts.ts";
import { few, many } from "./places.ts";
import { served } from "./route-checks.ts";

const GROUP = "Neutron";

export const NEUTRON_CHECKS: readonly Check[] = [
  {
    id: "N1",
    group: GROUP,
    title: "the two networks and their subnets are as declared, and the file is what was applied",
    remedy: "margay apply FILE shows the difference, and makes it so.",
    looks: [
      ofCloud((cloud, center) => ({
        seen: cloud.networks.map(({ name, is }) => `${name}: ${few(is?.subnets.map(({ cidr }) => cidr) ?? [])}`).join("; "),
        findings: [...unlikePlanned(cloud), ...unapplied(cloud, center)],
      })),
    ],
  },
  {
    id: "N2",
    group: GROUP,
    title: "no project may make networks, subnets, routers or floating IPs beyond what is declared",
    remedy:
      "openstack quota set --networks 0 --subnets 0 --routers 0 --floating-ips 0 PROJECT; floating IPs are of use here, so that limit may be meant.",
    looks: [
      ofCloud(({ quotas, datacenter }) => ({
        seen: "0 for all projects",
        findings: [
          ...(datacenter === null ? [wrong("no data centre has been applied, so Neutron's own defaults hold")] : []),
          ...quotas.map(({ project, limits }) => {
            const fix = { how: "quota", project, limits: Object.fromEntries(Object.keys(limits).map((name) => [name, 0])) } as const;
            const what = `project ${project}: ${Object.entries(limits)
              .map(([name, limit]) => `${name} ${limit}`)
              .join(", ")}`;
            return Object.keys(limits).some((name) => name !== "floatingip") ? wrong(what, fix) : warning(what, fix);
          }),
        ],
      })),
    ],
  },
  {
    id: "N3",
    group: GROUP,
    title: "security groups, which alone keep VMs apart, let in no more than is meant",
    remedy: "Name the sender (remote_group_id, a narrower remote_ip_prefix) or the port: openstack security group rule list GROUP.",
    looks: [
      ofCloud(({ open_groups: open, largest_group: largest }) => ({
        seen: [
          "no group lets everybody in",
          ...(largest === null ? [] : [`the largest that rules name has ${many(largest.members, "member")}`]),
        ].join("; "),
        findings: [
          ...(open.length === 0
            ? []
            : [warning(`${many(open.length, "group")} let everybody in: ${few(open.toSorted(byPorts).map(groupText))}`)]),
          ...(largest !== null && largest.members > LARGE_GROUP
            ? [
                warning(
                  `${largest.name || largest.id} has ${largest.members} members, which every host of a port whose rules name it keeps`,
                ),
              ]
            : []),
        ],
      })),
    ],
  },
  {
    id: "N4",
    group: GROUP,
    title: "no port may send as whoever it likes",
    remedy: "Turn port security on again (openstack port set --enable-port-security ID), and narrow its address pairs.",
    looks: [
      ofCloud(({ unguarded }) => ({
        seen: "port security is on everywhere, no pair is of all addresses",
        findings: unguarded.length === 0 ? [] : [warning(`${many(unguarded.length, "port")}: ${few(unguarded.map(unguardedText))}`)],
      })),
    ],
  },
  {
    id: "N5",
    group: GROUP,
    title: "Nova waits for ports, and its metadata is asked for by the agent",
    remedy: "nova.conf: vif_plugging_timeout and vif_plugging_is_fatal as they are by default, live_migration_wait_for_vif_plug = true.",
    looks: [
      ofMachines(["compute"], ["nova"], ({ nova }) => ({
        seen: "nova.conf as it is by default in what matters here",
        findings: Object.entries(UNWANTED).flatMap(([key, { is, why }]) =>
          nova[key] !== undefined && is.test(nova[key]) ? [warning(`[${key.replace(".", "] ")} = ${nova[key]}: ${why}`)] : [],
        ),
      })),
    ],
  },
  {
    id: "N6",
    group: GROUP,
    title: "rows, agents, kernels and BGP tell of the same ports",
    remedy:
      "margay why PORT follows one from its row to the kernel; margay store check looks at the rows alone. Ports of a dead host: move their VMs.",
    looks: [
      ofCloud(({ agents, addresses, inconsistencies }) => {
        const dead = agents.filter(({ alive, role }) => role === "compute" && !alive);
        const stranded = dead.map(({ host }) => ({
          host,
          ports: new Set(addresses.filter((one) => one.host === host).map(({ port }) => port)).size,
        }));
        return {
          seen: `${new Set(addresses.map(({ port }) => port)).size} ports that are bound`,
          findings: [
            ...stranded
              .filter(({ ports }) => ports > 0)
              .map(({ host, ports }) => wrong(`${many(ports, "port")} on ${host}, whose agent is not alive`)),
            ...(inconsistencies.length === 0 ? [] : [wrong(`${inconsistencies.length} rows make no sense: ${few(inconsistencies, 2)}`)]),
          ],
        };
      }),
      ofMachinesAndCloud(["compute"], ["routes"], ({ name, routes }, { addresses }) => {
        const here = routes.filter(isServedHere);
        return { seen: `${here.length} routes to taps, a port to each`, findings: threeWays(name, here, addresses) };
      }),
    ],
  },
  {
    id: "N7",
    group: GROUP,
    title: "agents are heard, and have nothing to complain about",
    remedy: "The agent's log, and curl --unix-socket STATE/agent.sock http://agent/objects?state=failed, say what it waits for.",
    looks: [
      ofCloud(({ agents }) => ({
        seen: `${agents.length} agents, the latest word of each less than 75 s ago`,
        findings: [
          ...agents.filter(({ alive }) => !alive).map(({ host, heard }) => wrong(`${host} was last heard ${heard}`)),
          ...agents
            .filter(({ alive, connected }) => alive && !connected)
            .map(({ host, heard }) => warning(`${host} is not connected, last heard ${heard}`)),
          ...agents.flatMap(({ host, failed }) =>
            failed.length === 0 ? [] : [wrong(`${host}: ${failed.length} ports failed: ${few(failed.map(({ port }) => port))}`)],
          ),
        ],
      })),
      ofMachines(["compute", "gateway", "tor", "reflector"], ["agent"], ({ agent }) => ({
        seen: `${agent.controller}, no troubles`,
        findings: [
          ...(agent.controller === "connected" ? [] : [wrong(`the agent says of its controller: ${agent.controller}`)]),
          ...(agent.troubles.length === 0 ? [] : [wrong(`${agent.troubles.length} troubles: ${few(agent.troubles, 2)}`)]),
        ],
      })),
    ],
  },
];

/** Each member is an element of a set on every host that has a port whose rules name the group. */
const LARGE_GROUP = 10_000;

function byPorts(left: OpenGroup, right: OpenGroup): number {
  return right.ports - left.ports;
}

function groupText({ name, id, rules, ports }: OpenGroup): string {
  return `${name || id} (${many(rules, "rule")}, ${many(ports, "port")})`;
}

function unguardedText({ port, host, why }: CloudFacts["unguarded"][number]): string {
  return `${port}${host === "" ? "" : ` on ${host}`} (${why})`;
}

/** Of nova.conf, with what follows. */
const UNWANTED: Readonly<Record<string, { readonly is: RegExp; readonly why: string }>> = {
  "compute.live_migration_wait_for_vif_plug": { is: /^false$/i, why: "a VM may arrive before its new host is ready" },
  "DEFAULT.vif_plugging_is_fatal": { is: /^false$/i, why: "VMs boot without a network when something is wrong" },
  "DEFAULT.vif_plugging_timeout": { is: /^0$/, why: "VMs do not wait for their network" },
  "DEFAULT.force_config_drive": {
    is: /^true$/i,
    why: "VMs read their metadata from a drive; harmless, and live migration needs shared storage",
  },
};

function unlikePlanned({ datacenter, networks }: CloudFacts): readonly Found[] {
  if (datacenter === null) return [wrong("no data centre has been applied")];
  const planned = plan(datacenter).networks;
  return networks.flatMap(({ name, is }, at) => {
    const wanted = planned[at];
    if (is === null) return [wrong(`the network ${name} is gone`)];
    if (wanted === undefined) return [];
    const { subnets: wantedSubnets, ...network } = wanted;
    const differing = Object.entries(network).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(is[key as keyof typeof is]),
    );
    return [
      ...differing.map(([key, value]) =>
        wrong(`${name}: ${key} is ${JSON.stringify(is[key as keyof typeof is])}, declared ${JSON.stringify(value)}`),
      ),
      ...wantedSubnets.flatMap((subnet) =>
        unlikeSubnet(
          subnet,
          is.subnets.find(({ cidr }) => cidr === subnet.cidr),
        ),
      ),
    ];
  });
}

function unlikeSubnet(planned: PlannedSubnet, is: SubnetRow | undefined): readonly Found[] {
  const { retiring: _, ...wanted } = planned;
  if (is === undefined) return [wrong(`${wanted.name} ${wanted.cidr} is not there`)];
  return Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(is[key as keyof SubnetRow]))
    .map(([key, value]) =>
      wrong(`${wanted.name}: ${key} is ${JSON.stringify(is[key as keyof SubnetRow])}, declared ${JSON.stringify(value)}`),
    );
}

/** A file beside the cloud may say something else than was applied. */
function unapplied({ datacenter }: CloudFacts, center: DataCenter): readonly Found[] {
  if (datacenter === null || sorted(datacenter) === sorted(gatewaysKept(datacenter, center))) return [];
  return [warning("the file says something else than what was applied last: margay apply")];
}

/** The same whatever the order of keys. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}

/** A route that Margay made to a tap, and that is announced. */
function isServedHere({ protocol, dev, metric }: RouteFact): boolean {
  return protocol === "88" && dev.startsWith("tap") && metric < UNANNOUNCED_METRIC;
}

function threeWays(host: string, routes: readonly RouteFact[], addresses: CloudFacts["addresses"]): readonly Found[] {
  const all = Map.groupBy(addresses, ({ ip }) => String(ip));
  const routed = new Set(routes.map(({ prefix }) => prefix.replace(/\/.*/, "")));
  const strays = routes.filter(({ prefix }) => !(all.get(prefix.replace(/\/.*/, "")) ?? []).some((one) => one.host === host || one.moving));
  const lacking = served(addresses).filter((one) => one.host === host && !routed.has(one.ip));
  const down = addresses.filter((one) => one.host === host && one.status === "DOWN" && !one.moving && routed.has(one.ip));
  return [
    ...strays.map(({ prefix, dev }) => wrong(`a route to ${prefix} by ${dev}, and no port of this host has it`)),
    ...lacking.map(({ ip, port }) => wrong(`${ip} of port ${port} is ACTIVE, and has no route here`)),
    ...down.map(({ ip, port }) => warning(`${ip} of port ${port} has a route here, and the port is DOWN`)),
  ];
}
