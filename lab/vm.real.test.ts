/** A guest boots from real DHCP and router advertisements. Host and cloud are played here, so that only the guest can be wrong. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { processOf } from "#adapters/linux/process.ts";
import type { Ip } from "#core/net/address.ts";
import { build } from "./build.ts";
import { down } from "./down.ts";
import { writeLabRecord } from "./lab-record.ts";
import { ownLab } from "./own-lab.real.ts";
import { controllerSocket, machineNetns, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { tcp, udp } from "./probe.ts";
import { addVm, plugVm, removeVm, unplugVm } from "./vm.ts";

const PORTS = [
  { id: "a41f0001-0000-4000-8000-000000000001", mac_address: "fa:16:3e:00:00:01", ips: ["10.65.0.11", "2001:db8:a41:3::11"] },
  { id: "a41f0002-0000-4000-8000-000000000002", mac_address: "fa:16:3e:00:00:02", ips: ["172.18.208.12", "2001:db8:a41:2::12"] },
];

const tap = (id: string) => `tap${id.slice(0, 11)}`;
const ip = (...argv: string[]) => execFileSync("ip", argv, { encoding: "utf8" });

/** A Neutron with two ports to give, which turn ACTIVE when the host has made their tap's network. */
function playCloud(t: TestContext, lab: Lab, activate: (port: (typeof PORTS)[number]) => void): void {
  const free = [...PORTS];
  const active = new Set<string>();
  const shown = (port: (typeof PORTS)[number]) => ({
    ...port,
    network_id: "net",
    status: active.has(port.id) ? "ACTIVE" : "DOWN",
    fixed_ips: port.ips.map((ip_address) => ({ subnet_id: "s", ip_address })),
    "binding:vif_type": "tap",
    "binding:vif_details": { mac_address: port.mac_address.replace("fa", "fe") },
  });
  const server = createServer((asked, answer) => {
    const end = (body: object) => answer.end(JSON.stringify(body));
    if (asked.url === "/v2.0/networks") return end({ networks: ["internal", "external"].map((name) => ({ id: "net", name, mtu: 1500 })) });
    const port = asked.method === "POST" ? free.shift() : PORTS.find(({ id }) => asked.url?.endsWith(id));
    if (port === undefined) return answer.writeHead(404).end("{}");
    if (asked.method === "GET" && !active.has(port.id)) {
      activate(port);
      active.add(port.id);
    }
    return end({ port: shown(port) });
  });
  server.listen(controllerSocket(lab));
  t.after(() => server.close());
}

/** A compute host by hand: an anchor with the gateways' addresses, one dnsmasq, a route and a neighbour for each address. */
function playHost(lab: Lab): void {
  const [host, home] = [machineNetns(lab, "h1"), join(lab.directory, "dnsmasq")];
  mkdirSync(home, { recursive: true });
  const hosts = PORTS.map(({ mac_address, ips }) => `dhcp-host=${mac_address},${ips[0]},[${ips[1]}]`);
  const options = [
    "port=0",
    "no-ping",
    "leasefile-ro",
    "dhcp-authoritative",
    "bind-dynamic",
    "interface=dhcp0",
    "interface=tap*",
    "bridge-interface=dhcp0,tap*",
  ];
  const four = ["dhcp-range=set:a,10.65.0.0,static,255.255.0.0,3600s", "dhcp-range=set:b,172.18.208.0,static,255.255.255.0,3600s"];
  const six = ["3", "2"].map((subnet) => `dhcp-range=2001:db8:a41:${subnet}::,static,off-link,64,3600s`);
  const routers = ["dhcp-option=tag:a,option:router,10.65.0.1", "dhcp-option=tag:b,option:classless-static-route,0.0.0.0/0,172.18.208.1"];
  writeFileSync(join(home, "conf"), [...options, "enable-ra", ...four, ...six, ...routers, ...hosts, ""].join("\n"));
  ip("-n", host, "link", "add", "dhcp0", "type", "bridge");
  ip("-n", host, "link", "set", "dhcp0", "up");
  for (const own of ["10.65.0.1/16", "172.18.208.1/24", "2001:db8:a41:3::1/64", "2001:db8:a41:2::1/64"])
    ip("-n", host, "addr", "add", own, "dev", "dhcp0", "noprefixroute");
  ip(
    "netns",
    "exec",
    host,
    "sysctl",
    "-qw",
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.conf.default.proxy_arp=1",
  );
  spawn("ip", ["netns", "exec", host, "dnsmasq", "-k", "-C", join(home, "conf"), `--pid-file=${home}/pid`], { stdio: "ignore" }).unref();
}

function activate(lab: Lab, { id, mac_address, ips }: (typeof PORTS)[number]): void {
  const host = machineNetns(lab, "h1");
  for (const address of ips) {
    ip("-n", host, "route", "add", address, "dev", tap(id));
    ip("-n", host, "neigh", "replace", address, "lladdr", mac_address, "dev", tap(id), "nud", "permanent");
  }
}

async function standing(t: TestContext): Promise<Lab> {
  const lab = await ownLab("g");
  const builder = processOf(process.pid);
  assert.ok(builder);
  t.after(() => down(lab));
  writeLabRecord(lab, { phase: "building", builder, file: { path: "", text: "" }, netnses: [machineNetns(lab, "h1")] });
  await build(lab, { nodes: [{ name: "h1", kind: "compute", addresses: [], routes: [] }], cables: [] });
  playCloud(t, lab, (port) => activate(lab, port));
  playHost(lab);
  return lab;
}

test(
  "a VM takes its addresses from DHCP and its router from RA, and answers each caller by the NIC it was asked on",
  { timeout: 30_000 },
  async (t) => {
    const lab = await standing(t);
    const guest = vmNetns(lab, "v");
    let from = performance.now();
    await addVm(lab, { name: "v", host: "h1", network: "internal", groups: [] });
    t.diagnostic(`booted in ${Math.round(performance.now() - from)} ms`);
    from = performance.now();
    await plugVm(lab, "v", { network: "external", groups: [] });
    t.diagnostic(`second NIC in ${Math.round(performance.now() - from)} ms`);

    assert.match(ip("-n", guest, "-4", "route"), /default via 10.65.0.1 dev eth0 .*metric 1024/);
    assert.match(ip("-n", guest, "-6", "route"), /default via fe80::fc16:3eff:fe00:1 dev eth0 proto ra metric 1024/);
    assert.match(ip("-n", guest, "-4", "route", "get", "203.0.113.10", "from", "172.18.208.12"), /via 172.18.208.1 dev eth1/);
    assert.match(
      ip("-n", guest, "-6", "route", "get", "2001:db8:feed::1", "from", "2001:db8:a41:2::12"),
      /via fe80::fc16:3eff:fe00:2 dev eth1/,
    );
    for (const to of PORTS.flatMap(({ ips }) => ips)) assert.equal((await tcp(machineNetns(lab, "h1"), to as Ip, 80)).reached, true, to);
    for (const to of PORTS.flatMap(({ ips }) => ips)) assert.ok((await udp(machineNetns(lab, "h1"), to as Ip, 53)).peerSaw, to);
    assert.match((await tcp(machineNetns(lab, "h1"), "10.65.0.11" as Ip, 81)).error ?? "", /refused/);
    assert.equal((await tcp(guest, "10.65.0.11" as Ip, 80)).peerSaw, "10.65.0.11");

    await unplugVm(lab, "v", "external");
    assert.doesNotMatch(ip("-n", guest, "-4", "rule"), /172.18.208.12/);
    await removeVm(lab, "v");
    assert.doesNotMatch(ip("-n", machineNetns(lab, "h1"), "link"), /tap/);
    assert.doesNotMatch(ip("netns"), new RegExp(guest));
  },
);

test("nothing is left of a lab that is taken down", async (t) => {
  const lab = await standing(t);
  await down(lab);
  assert.doesNotMatch(ip("netns"), new RegExp(lab.name));
  assert.equal(await down(lab), false);
  rmSync(lab.directory, { recursive: true, force: true });
});
