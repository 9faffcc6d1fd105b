/**
 * The doctor in a lab: thing after thing is broken as it breaks on servers, and each time exactly the checks that are about it say so;
 * then it is mended, by hand or by what the doctor itself calls safe, and they say nothing any more.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { examine, fixesIn } from "#core/doctor/examine.ts";
import type { Diagnosis } from "#core/doctor/examine.ts";
import { ask } from "#lab/cloud.ts";
import type { Method } from "#lab/cloud.ts";
import { down } from "#lab/down.ts";
import { agentState } from "#lab/margay.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { controllerSocket, machineNetns } from "#lab/place.ts";
import { inside, must } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { stopAgent } from "#lab/standing.ts";
import { addVm } from "#lab/vm.ts";
import type { Vm } from "#lab/vm-record.ts";
import { until } from "#lab/wait.ts";
import { labFacts } from "./doctor-ask.ts";
import { fixAll } from "./doctor-fix.ts";
import { labHands } from "./doctor-hands.ts";

const LAB = await ownLab("doctor");
let center: DataCenter;
let vm: Vm;
let well: ReadonlyMap<string, string>;

before(async () => {
  center = await raiseExample(LAB, "guide");
  vm = await addVm(LAB, { name: "a", host: "h1", network: "external", groups: ["default"] });
  await addVm(LAB, { name: "b", host: "h2", network: "internal", groups: ["default"] });
});

after(() => down(LAB));

type Step = () => Promise<unknown>;

const on = (machine: string, command: string) => must(inside(machineNetns(LAB, machine), ["sh", "-c", command]));
const api = <T>(method: Method, path: string, body?: object) => ask<T>(LAB, { method, path: `/v2.0/${path}`, ...(body && { body }) });
const look = async () => examine(await labFacts(LAB, center));
/** Agents that are stopped are missed after 75 s: whether that is before or after a step, is not the step's. */
const LATE = /agent is not alive|was last heard|is not connected/;

function states(found: readonly Diagnosis[]): ReadonlyMap<string, string> {
  const lasting = ({ findings }: Diagnosis) =>
    findings.filter(({ what }) => !LATE.test(what)).map(({ where, verdict }) => `${where} ${verdict}`);
  return new Map(found.map((one) => [one.id, `${lasting(one).join()} ${one.unknown.map(({ where }) => where).join()}`]));
}

/** Checks that say something else than when all was well. */
function changedIn(found: readonly Diagnosis[]): readonly Diagnosis[] {
  const now = states(found);
  return found.filter(({ id }) => now.get(id) !== well.get(id));
}

/** BGP takes its time: waits until exactly these checks say something else than when all was well. */
async function untilChanged(ids: readonly string[], what: string): Promise<readonly Diagnosis[]> {
  let last: readonly Diagnosis[] = [];
  await until({ what: `${ids.join(", ") || "nothing"} to be found when ${what}`, timeout: 20_000 }, async () => {
    last = changedIn(await look());
    const found = last.map(({ id, findings, unknown }) => [
      id,
      ...findings.map((one) => `${one.where}: ${one.what}`),
      ...unknown.map(({ why }) => why),
    ]);
    return last.map(({ id }) => id).join() === ids.join() ? undefined : JSON.stringify(found);
  });
  return last;
}

interface Broken {
  readonly what: string;
  readonly ids: readonly string[];
  readonly breaking: Step;
  /** Absent: the doctor mends it. */
  readonly mending?: Step;
}

async function found({ what, ids, breaking, mending }: Broken): Promise<void> {
  await breaking();
  const diagnoses = await untilChanged(ids, what).finally(mending);
  if (mending !== undefined) return;
  const hands = labHands(LAB, `unix:${controllerSocket(LAB)}`);
  const done = await fixAll(fixesIn(diagnoses), hands);
  assert.ok(done.length > 0 && done.every(({ failed }) => failed === undefined), JSON.stringify(done));
}

const sysctl = (machine: string, setting: string) => on(machine, `sysctl -qw ${setting}`);

/** What no agent holds: found while all of them run. */
const FOREIGN: readonly Broken[] = [
  {
    what: "Docker's bridge lies in the private range",
    ids: ["A1"],
    breaking: () => on("h1", "ip link add docker0 type bridge && ip addr add 10.65.1.1/32 dev docker0"),
    mending: () => on("h1", "ip link del docker0"),
  },
  {
    what: "somebody on the fabric answers for a gateway address",
    ids: ["A2"],
    breaking: () => on("h2", "ip neigh replace 10.65.0.1 lladdr 02:00:00:00:00:66 dev fab0 nud stale"),
    mending: () => on("h2", "ip neigh del 10.65.0.1 dev fab0"),
  },
  {
    what: "somebody masquerades whatever leaves a host",
    ids: ["G2"],
    breaking: () => on("h1", "nft 'table ip docker { chain post { type nat hook postrouting priority 100; masquerade; }; }'"),
    mending: () => on("h1", "nft delete table ip docker"),
  },
  {
    what: "a firewall drops what is forwarded",
    ids: ["H4"],
    breaking: () => on("h2", "nft 'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'"),
    mending: () => on("h2", "nft delete table ip filter"),
  },
  { what: "the fabric's reverse path filter is strict", ids: ["H1"], breaking: () => sysctl("h1", "net.ipv4.conf.fab0.rp_filter=1") },
  { what: "ARP is only answered on the link of the address", ids: ["H6"], breaking: () => sysctl("h2", "net.ipv4.conf.all.arp_ignore=1") },
  {
    what: "a bridge of Open vSwitch is left",
    ids: ["H5"],
    breaking: () => on("h2", "ip link add br-int type bridge"),
    mending: () => on("h2", "ip link del br-int"),
  },
  {
    what: "the fabric carries less than VMs send",
    ids: ["H7"],
    breaking: () => on("h1", "ip link set fab0 mtu 1400"),
    mending: () => on("h1", "ip link set fab0 mtu 1500"),
  },
  {
    what: "the host's loopback is reached from everywhere",
    ids: ["H8"],
    breaking: () => sysctl("h1", "net.ipv4.conf.all.route_localnet=1"),
    mending: () => sysctl("h1", "net.ipv4.conf.all.route_localnet=0"),
  },
  {
    what: "new interfaces believe advertisements",
    ids: ["H9"],
    breaking: () => sysctl("gw1", "net.ipv6.conf.wan0.accept_ra=0 net.ipv6.conf.default.accept_ra=2"),
  },
  {
    what: "the kernel has no room for IPv6 routes",
    ids: ["R18"],
    breaking: () => sysctl("gw1", "net.ipv6.route.max_size=64"),
  },
  {
    what: "the kernel sums up each packet for a VM",
    ids: ["H10"],
    breaking: () => on("h1", `ethtool -K ${vm.nics[0]?.tap} tx off`),
    mending: () => on("h1", `ethtool -K ${vm.nics[0]?.tap} tx on`),
  },
  {
    what: "a subnet does no DHCP",
    ids: ["N1"],
    breaking: () => dhcp(false),
    mending: () => dhcp(true),
  },
  {
    what: "a group lets everybody in",
    ids: ["N3"],
    breaking: async () => (opened = await api<Opened>("POST", "security-group-rules", { security_group_rule: await anybody() })),
    mending: () => api("DELETE", `security-group-rules/${opened?.security_group_rule.id}`),
  },
  { what: "a project may make networks", ids: ["N2"], breaking: () => api("PUT", "quotas/demo", { quota: { network: 5 } }) },
  {
    what: "a port may send as anybody",
    ids: ["N4"],
    breaking: () => api("PUT", `ports/${portOf(vm)}`, { port: { security_groups: [], port_security_enabled: false } }),
    mending: () => api("PUT", `ports/${portOf(vm)}`, { port: { port_security_enabled: true } }),
  },
];

interface Opened {
  readonly security_group_rule: { readonly id: string };
}
let opened: Opened | undefined;

/** A rule that lets everybody into the group of the first VM. */
async function anybody(): Promise<object> {
  const { port } = await api<{ port: { security_groups: readonly string[] } }>("GET", `ports/${portOf(vm)}`);
  return { security_group_id: port.security_groups[0], direction: "ingress", ethertype: "IPv4", remote_ip_prefix: "0.0.0.0/0" };
}

async function dhcp(enabled: boolean): Promise<void> {
  const { subnets } = await api<{ subnets: readonly { id: string; name: string }[] }>("GET", "subnets?ip_version=4");
  await api("PUT", `subnets/${subnets[0]?.id}`, { subnet: { enable_dhcp: enabled } });
}

const portOf = ({ nics }: Vm) => nics[0]?.port_id ?? "";
const asked = (machine: string, socket: string, command: string) =>
  must(["birdc", "-s", join(agentState(LAB, machine), "bird", socket), ...command.split(" ")]);
const bird = (machine: string, command: string) => asked(machine, "bird.ctl", command);
/** The BIRD that speaks BFD. */
const beside = (machine: string, command: string) => asked(machine, "bfd.ctl", command);

const configOf = (machine: string) => join(agentState(LAB, machine), "bird/bird.conf");

/** BIRD with its own configuration again. */
const restored = (machine: string) => bird(machine, `configure "${configOf(machine)}"`);

/** BIRD with another configuration than its own. */
async function reconfigured(machine: string, change: (config: string) => string): Promise<void> {
  const own = readFileSync(configOf(machine), "utf8");
  const other = join(agentState(LAB, machine), "bird/other.conf");
  const text = change(own);
  assert.notEqual(text, own);
  writeFileSync(other, text);
  await bird(machine, `configure "${other}"`);
}

/** A chain of the gateway's, to be put back. */
const kept = () => join(agentState(LAB, "gw1"), "leak.nft");
const ipv4Of = ({ nics }: Vm) => nics[0]?.addresses.find((ip) => !ip.includes(":")) ?? "";

/** What agents hold: found while they are stopped. */
const HELD: readonly Broken[] = [
  {
    what: "an unreachable route is gone",
    ids: ["R5"],
    breaking: () => on("h1", "ip route del unreachable 10.65.0.0/16 metric 1048576"),
    mending: () => on("h1", "ip route add unreachable 10.65.0.0/16 metric 1048576 proto 88"),
  },
  {
    what: "a route is left of a port that is gone",
    ids: ["N6"],
    // Outside of the ranges, so that it is not announced as well, and refused.
    breaking: () => on("h1", `ip route add 198.18.0.77/32 dev ${vm.nics[0]?.tap} proto 88 metric 1024`),
    mending: () => on("h1", "ip route del 198.18.0.77/32"),
  },
  {
    what: "a VM's route is gone",
    ids: ["R6", "N6"],
    breaking: () => on("h1", `ip route del ${ipv4Of(vm)}/32`),
    mending: () => on("h1", `ip route add ${ipv4Of(vm)}/32 dev ${vm.nics[0]?.tap} proto 88 metric 1024`),
  },
  {
    what: "forwarding is off",
    ids: ["H2"],
    breaking: () => sysctl("gw1", "net.ipv4.ip_forward=0"),
    mending: () => sysctl("gw1", "net.ipv4.ip_forward=1"),
  },
  {
    what: "an address of the pool is nobody's",
    ids: ["G5"],
    breaking: () => on("gw1", "ip addr del 198.51.100.9/32 dev margay-pnat"),
    mending: () => on("gw1", "ip addr add 198.51.100.9/32 dev margay-pnat"),
  },
  {
    what: "the gateway's last look at what leaves is gone",
    ids: ["G3"],
    breaking: () => on("gw1", `nft list chain inet margay leak > ${kept()} && nft flush chain inet margay leak`),
    mending: () => on("gw1", `nft -f ${kept()}`),
  },
  {
    what: "a gateway tells the outside everything",
    ids: ["R1", "R2", "R15"],
    breaking: () => reconfigured("gw1", (text) => text.replace(/export where net ~ \[ 172\.18\.208\.0\/24 \].*;/, "export all;")),
    mending: () => restored("gw1"),
  },
  {
    what: "what goes to other VMs is translated as well",
    ids: ["G7"],
    breaking: () =>
      on(
        "gw1",
        `nft list chain inet margay pnat > ${kept()} && nft flush chain inet margay pnat && sed 's/, 172.18.208.0.24//' ${kept()} | nft -f -`,
      ),
    mending: () => on("gw1", `nft flush chain inet margay pnat && nft -f ${kept()}`),
  },
  {
    what: "a reflector drops routes at once",
    ids: ["R17"],
    breaking: () => reconfigured("rr1", (text) => text.replace("graceful restart on;", "graceful restart off;")),
    mending: () => restored("rr1"),
  },
  {
    what: "nobody watches whether hosts live",
    ids: ["R16"],
    breaking: () => beside("rr1", "disable all"),
    mending: () => beside("rr1", "enable all"),
  },
  {
    what: "a host takes its reflector for one of another AS",
    ids: ["R6", "R10", "R11", "R13"],
    breaking: () => reconfigured("h1", (text) => text.replace("192.168.100.5 as 64512", "192.168.100.5 as 64999")),
    mending: () => restored("h1"),
  },
  {
    what: "a next hop is on no link",
    ids: ["R4", "R6", "R9"],
    breaking: () =>
      reconfigured("gw1", (text) => `ipv4 table nowhere;\n${text.replace("gateway direct;", "gateway recursive; igp table nowhere;")}`),
    mending: () => restored("gw1"),
  },
  {
    what: "a reflector has no limits",
    ids: ["R14"],
    breaking: () => reconfigured("rr1", (text) => text.replaceAll(/(import|receive) limit \d+ action \w+;/g, "")),
    mending: () => restored("rr1"),
  },
  {
    what: "a reflector sets itself as next hop",
    ids: ["R8"],
    breaking: () => reconfigured("rr1", (text) => text.replace("gateway direct;", "gateway direct; next hop self;")),
    mending: () => restored("rr1"),
  },
  {
    what: "a host loses its reflector",
    ids: ["R6", "R10", "R13"],
    breaking: () => bird("rr1", "disable 'host:h1'"),
    mending: () => bird("rr1", "enable 'host:h1'"),
  },
  {
    what: "a host announces what is not its own",
    ids: ["R3"],
    breaking: () =>
      reconfigured("h1", (text) => {
        const forged = text.replace(
          "export where source = RTS_INHERIT && endpoint4();",
          'export where proto = "forged" || (source = RTS_INHERIT && endpoint4());',
        );
        return `${forged}\nprotocol static forged { ipv4; route 203.0.113.0/24 unreachable; }\n`;
      }),
    // What a session has refused is counted until it ends.
    mending: async () => [await restored("h1"), await bird("rr1", "restart 'host:h1'")],
  },
  {
    what: "the session with the provider is down",
    ids: ["R4", "R10", "R13"],
    breaking: () => bird("gw1", "disable upstream4"),
    // The last: the provider does not want it back for a minute.
    mending: async () => undefined,
  },
];

test("what others do to a machine or the cloud is found by its check, and by no other", { timeout: 120_000 }, async (t) => {
  const first = await look();
  well = states(first);
  assert.deepEqual(
    first.filter(({ verdict }) => verdict === "wrong"),
    [],
  );
  for (const broken of FOREIGN) await t.test(broken.what, () => found(broken));
  await untilChanged([], "all is mended");
});

test("what agents would put back is found while they are stopped", { timeout: 120_000 }, async (t) => {
  await Promise.all(["h1", "gw1", "rr1"].map((machine) => stopAgent(LAB, machine)));
  const first = await look();
  assert.equal(first.find(({ id }) => id === "N7")?.verdict, "warning");
  well = states(first);
  for (const broken of HELD) await t.test(broken.what, () => found(broken));
});
