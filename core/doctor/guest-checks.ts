/** H7 to H12: what VMs see of a machine, and what machines are. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { torsOf } from "../datacenter/racks.ts";
import { carriedFamilies } from "../datacenter/sessions.ts";
import { ofCloud, ofMachines, warning, wrong } from "./check.ts";
import type { Check, Found } from "./check.ts";
import type { LinkFact } from "./facts.ts";
import { sysctl, uplinksOf } from "./host-checks.ts";
import { few, isDeclared, many } from "./places.ts";

const GROUP = "hosts";
const ALL = ["compute", "gateway", "tor", "reflector", "controller"] as const;

export const GUEST_CHECKS: readonly Check[] = [
  {
    id: "H7",
    group: GROUP,
    title: "packets as large as VMs may send get through",
    remedy: "The fabric's MTU must be at least that of the networks (mtu in the file): raise it on machines and switches, or declare less.",
    looks: [
      ofMachines(["compute", "gateway", "tor"], ["links"], ({ name, links }, center) => {
        const uplinks = links.filter((link) => uplinksOf(center, name).includes(link.name));
        return {
          seen: `${few(uplinks.map(({ name, mtu }) => `${name} ${mtu}`))}; networks ${center.mtu}`,
          findings: [
            ...uplinks.filter(({ mtu }) => mtu < center.mtu).map((link) => small(link, center)),
            ...links
              .filter((link) => link.name.startsWith("tap") && link.mtu !== center.mtu)
              .map((link) => warning(`${link.name} has MTU ${link.mtu}, its network ${center.mtu}`)),
          ],
        };
      }),
      ofMachines(["compute"], ["paths"], ({ paths }) => ({
        seen: paths.map(({ gateway, ip, size }) => `${size} bytes to ${gateway} (${ip})`).join(", ") || "no gateway to ask",
        findings: paths
          .filter(({ arrived }) => !arrived)
          .map(({ gateway, ip, size, says }) => wrong(`${size} bytes in one piece do not get to ${gateway} (${ip}): ${says}`)),
      })),
    ],
  },
  {
    id: "H8",
    group: GROUP,
    title: "VMs reach nothing of the host's own, and metadata by the agent alone",
    remedy:
      "Turn route_localnet off where nobody needs it. Metadata: metadata.urls and shared_secret_file in /etc/margay/agent.yaml, and Nova's API behind them.",
    looks: [
      ofMachines(["compute"], ["sysctls"], ({ sysctls }) => {
        const open = Object.keys(sysctls).filter((path) => path.endsWith("/route_localnet") && sysctls[path] === "1");
        return {
          seen: "127.0.0.0/8 stays the host's own",
          findings: open.map((path) => {
            const dev = path.split("/")[3] ?? "";
            const what = `route_localnet of ${dev} is 1: the host's 127.0.0.0/8 is reached from there`;
            return dev.startsWith("tap") || dev === "all"
              ? wrong(what, { how: "command", command: `sysctl -w ${path.replaceAll("/", ".")}=0` })
              : warning(what, { how: "command", command: `sysctl -w ${path.replaceAll("/", ".")}=0` });
          }),
        };
      }),
      ofMachines(["compute"], ["agent"], ({ agent }) => {
        if (agent.metadata === null) return { seen: "", findings: [wrong("the agent serves no metadata")] };
        const { doors, nova } = agent.metadata;
        const closed = Object.entries(doors).filter(([, state]) => state !== "listening");
        return {
          seen: `metadata at ${few(Object.keys(doors))}; Nova: ${nova}`,
          findings: [
            ...closed.map(([ip, state]) => wrong(`metadata at ${ip}: ${state}`)),
            ...(/not asked|answers|answered/.test(nova) ? [] : [warning(`Nova's metadata API: ${nova}`)]),
          ],
        };
      }),
    ],
  },
  {
    id: "H9",
    group: GROUP,
    title: "IPv6 works as VMs need it: no advertisements are believed of them, no address is somebody else's",
    remedy:
      "accept_ra 0 on taps and for new interfaces; a duplicate address is another machine's as well: ip -6 neigh, and the switch's tables, name it.",
    looks: [
      ofMachines(["compute", "gateway"], ["sysctls", "links"], ({ name, sysctls, links }, center) => {
        if (!carriedFamilies(center).includes(6)) return undefined;
        const of = (dev: string, key: string) => sysctls[`net/ipv6/conf/${dev}/${key}`];
        const taps = links.map((link) => link.name).filter((link) => link.startsWith("tap"));
        const devs = [...uplinksOf(center, name), ...taps];
        const duplicates = links.flatMap((link) =>
          link.addresses.filter(({ duplicate }) => duplicate).map(({ ip }) => `${ip} on ${link.name}`),
        );
        return {
          seen: `${many(taps.length, "tap")} with no advertisements believed; no address is somebody else's`,
          findings: [
            ...taps
              .filter((dev) => of(dev, "accept_ra") === "2")
              .map((dev) => wrong(`${dev} believes router advertisements, of its VM`, sysctl(`net/ipv6/conf/${dev}/accept_ra`, "0"))),
            ...(of("default", "accept_ra") === "2"
              ? [warning("new interfaces believe router advertisements", sysctl("net/ipv6/conf/default/accept_ra", "1"))]
              : []),
            ...["all", ...devs]
              .filter((dev) => of(dev, "disable_ipv6") === "1")
              .map((dev) => wrong(`IPv6 is off on ${dev}`, { how: "command", command: `sysctl -w net.ipv6.conf.${dev}.disable_ipv6=0` })),
            ...duplicates.map((what) => wrong(`${what}: somebody else has it`)),
          ],
        };
      }),
    ],
  },
  {
    id: "H10",
    group: GROUP,
    title: "network cards leave packets as they are: no large receive offload where packets are forwarded",
    remedy: "ethtool -K DEV lro off (and tx on for taps); what a card has merged is too large to be sent on.",
    looks: [
      ofMachines(["compute", "gateway"], ["offloads"], ({ offloads }) => ({
        seen: few(Object.keys(offloads), 4),
        findings: Object.entries(offloads).flatMap(([dev, features]) => [
          ...(features["large-receive-offload"]?.startsWith("on")
            ? [
                wrong(`${dev} merges packets that are to be forwarded (LRO)`, {
                  how: "command",
                  command: `ethtool -K ${dev} lro off`,
                } as const),
              ]
            : []),
          ...(dev.startsWith("tap") && features["tx-checksumming"]?.startsWith("off")
            ? [
                warning(`${dev} has the kernel sum up each packet for the VM`, {
                  how: "command",
                  command: `ethtool -K ${dev} tx on`,
                } as const),
              ]
            : []),
        ]),
      })),
    ],
  },
  {
    id: "H11",
    group: GROUP,
    title: "machine, agent, Nova and the file mean the same name",
    remedy: "agent.host in /etc/margay/agent.yaml, host in nova.conf and hosts[].name in the file must be one name: ports are bound by it.",
    looks: [
      ofCloud(({ agents, hosts }, center) => ({
        seen: `${many(agents.length, "agent")}, ports on ${many(hosts.length, "host")}, all of them declared`,
        findings: [
          ...agents
            .filter(({ host }) => !isDeclared(center, host))
            .map(({ host }) => wrong(`an agent calls itself ${host}, which is in no list of the file`)),
          ...hosts
            .filter(({ host }) => !center.hosts.some(({ name }) => name === host))
            .map(({ host, ports }) => wrong(`${many(ports, "port")} bound to ${host}, which is no host of the file`)),
          ...[...center.hosts, ...center.reflectors, ...torsOf(center), ...center.gateways]
            .filter(({ name }) => !agents.some(({ host }) => host === name))
            .map(({ name }) => warning(`${name} has no agent: nobody has ever heard of it`)),
        ],
      })),
      ofMachines(["compute", "gateway", "tor", "reflector"], ["agent"], ({ name, agent }) => ({
        seen: `the agent is ${agent.host}`,
        findings: agent.host === name ? [] : [wrong(`the agent calls itself ${agent.host}`)],
      })),
      ofMachines(["compute", "gateway", "tor", "reflector"], ["hostname"], ({ name, hostname }) => {
        const same = hostname === name || hostname.startsWith(`${name}.`) || name.startsWith(`${hostname}.`);
        return {
          seen: hostname,
          findings: same
            ? []
            : [warning(`the machine calls itself ${hostname}: Nova does so as well, unless nova.conf says host = ${name}`)],
        };
      }),
    ],
  },
  {
    id: "H12",
    group: GROUP,
    title: "clocks agree, the kernel is new enough, and flows are found quickly",
    remedy:
      "Run chrony or systemd-timesyncd; Linux 5.10 or later; nf_conntrack's hashsize should be a quarter of nf_conntrack_max at least.",
    looks: [
      ofMachines(ALL, ["ahead"], ({ ahead }) => {
        const what = `${Math.abs(ahead)} s ${ahead < 0 ? "behind" : "ahead of"} the controller`;
        return { seen: what, findings: Math.abs(ahead) >= 30 ? [wrong(what)] : Math.abs(ahead) >= 5 ? [warning(what)] : [] };
      }),
      ofMachines(["compute", "gateway"], ["kernel", "sysctls"], ({ kernel, sysctls }) => {
        const [major = 0, minor = 0] = kernel.release.split(".").map(Number);
        const [max, buckets] = ["max", "buckets"].map((name) => Number(sysctls[`net/netfilter/nf_conntrack_${name}`] ?? Number.NaN));
        const old = major < 5 || (major === 5 && minor < 10);
        const long = max !== undefined && buckets !== undefined && max > 8 * buckets;
        return {
          seen: `Linux ${kernel.release}; ${max} flows in ${buckets} buckets`,
          findings: [
            ...(old ? [wrong(`Linux ${kernel.release}: permanent neighbours count, or verdict maps are missing`)] : []),
            ...(long ? [warning(`${max} flows in ${buckets} buckets: each lookup walks a list`)] : []),
          ],
        };
      }),
    ],
  },
];

function small({ name, mtu }: LinkFact, center: DataCenter): Found {
  return wrong(`${name} has MTU ${mtu}, and VMs send ${center.mtu}`, { how: "command", command: `ip link set ${name} mtu ${center.mtu}` });
}
