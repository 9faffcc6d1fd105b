/**
 * All ranges are replaced under traffic: the old ones stand beside the new until their VMs have moved, each at its own time, and then leave
 * without a trace. Nothing of either that is to be kept in is seen outside.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { declaredIn } from "#adapters/yaml/datacenter-file.ts";
import type { Ip } from "#core/net/address.ts";
import { ask } from "./cloud.ts";
import type { CloudPort } from "./cloud.ts";
import { margay, margayApply, written } from "./command.real.ts";
import { down } from "./down.ts";
import { groupAllowing } from "./group.real.ts";
import { agentState } from "./margay.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { ping, tcp, udp } from "./probe.ts";
import { inside, must, run } from "./program.ts";
import { countLeaks, leaked } from "./provider-leaks.ts";
import { askProvider } from "./provider-router.ts";
import { raiseExample } from "./raise.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { connections, conversation, goOn, pings, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { addVm, removeVm } from "./vm.ts";
import { addressOf } from "./vm-record.ts";
import type { Vm } from "./vm-record.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("renumber");
const OLD = readFileSync(join(import.meta.dirname, "../examples/guide.yaml"), "utf8");
const NEW = OLD.replace("172.18.208.0/24", "172.18.209.0/24").replace("10.65.0.0/16", "10.66.0.0/16").replace(":a41:2::/63", ":a41:4::/63");
const BOTH = NEW.replace(
  "\nfabric:",
  '  retiring: { public: 172.18.208.0/24, private: 10.65.0.0/16, ipv6: "2001:db8:a41:2::/63" }\n\nfabric:',
);
/** How addresses of the old ranges are written, wherever it is: `10.65.`. Those of the fabric and of documentation are others. */
const OF_OLD = /\b10\.65\.|\b172\.18\.208\.|2001:db8:a41:[23](:|\/)/;
const dc = declaredIn("both.yaml", BOTH);
const out = outsideHost(dc.lab);
const MACHINES = [...dc.reflectors, ...dc.gateways, ...dc.hosts].map(({ name }) => name);

const apply = (text: string) => margayApply(LAB, text);

async function proven(text: string): Promise<void> {
  const { status, stdout, stderr } = await margay(["prove", written(LAB, text), "--live", "--name", LAB.name]);
  assert.equal(status, 0, stdout + stderr);
}

const vm = (name: string, network: string, host: string) => addVm(LAB, { name, host, network, groups: ["open"] });
const inVm = (name: string, argv: readonly string[]) => must(inside(vmNetns(LAB, name), argv));

/** What a DHCP client is given that asks on the VM's NIC, and does with it what the VM's own does. */
async function leased(name: string): Promise<string> {
  const script = join(LAB.directory, "guest", name, "udhcpc.sh");
  const argv = ["udhcpc", "-f", "-q", "-n", "-t", "15", "-T", "1", "-O", "staticroutes", "-s", script, "-i", "eth0"];
  const { stdout, stderr } = await run(inside(vmNetns(LAB, name), argv), { timeout: 20_000 });
  return /lease of (\S+) obtained/.exec(stdout + stderr)?.[1] ?? stdout + stderr;
}

async function portOf(of: Vm): Promise<CloudPort> {
  return (await ask<{ port: CloudPort }>(LAB, { method: "GET", path: `/v2.0/ports/${of.nics[0]?.port_id}` })).port;
}

/** What `openstack port set --fixed-ip` does. Answers with the addresses that it has then. */
async function readdress(of: Vm, fixed_ips: readonly object[]): Promise<readonly Ip[]> {
  const { id } = await portOf(of);
  const { port } = await ask<{ port: CloudPort }>(LAB, { method: "PUT", path: `/v2.0/ports/${id}`, body: { port: { fixed_ips } } });
  return port.fixed_ips.map(({ ip_address: ip }) => ip as Ip);
}

async function subnetNamed(name: string): Promise<string> {
  const { subnets } = await ask<{ subnets: { id: string }[] }>(LAB, { method: "GET", path: `/v2.0/subnets?name=${name}` });
  return subnets[0]?.id ?? assert.fail(name);
}

let int: Vm, ext: Vm, newInt: Vm, newExt: Vm;

before(async () => {
  await raiseExample(LAB, "guide");
  await groupAllowing(LAB, "open");
  int = await vm("int", "internal", "h1");
  ext = await vm("ext", "external", "h2");
  await countLeaks({ lab: LAB, dc });
});
after(() => down(LAB));

describe("under traffic", () => {
  const streams: Stream[] = [];
  const troubles = (which = streams) => troublesOf(which);
  before(async () => {
    const outside = machineNetns(LAB, OUTSIDE.name);
    streams.push(
      pings({ what: "outside to ext by IPv4", netns: outside, to: addressOf(ext, 4) }),
      pings({ what: "outside to ext by IPv6", netns: outside, to: addressOf(ext, 6) }),
      pings({ what: "int to ext", netns: vmNetns(LAB, "int"), to: addressOf(ext, 4) }),
      pings({ what: "int to ext by IPv6", netns: vmNetns(LAB, "int"), to: addressOf(ext, 6) }),
      conversation({ what: "a connection of int by PNAT", netns: vmNetns(LAB, "int"), to: out.ipv4, port: 7000, server: outside }),
      connections({ what: "new connections of int by PNAT", netns: vmNetns(LAB, "int"), to: out.ipv4, port: 80 }),
    );
    await goOn(streams, 5);
  });
  after(() => streams.forEach((stream) => stream.end()));

  test("to put new ranges in their place is refused, with the ports that have addresses of the old", async () => {
    const { status, stderr } = await apply(NEW);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /Cannot change the subnet external4: port \S+ has 172\.18\.208\.\d+\. In ranges\.retiring it stays until they have others\./,
    );
  });

  test("beside the new ones the old go on: no packet is lost, and nothing of both leaks", async () => {
    await proven(OLD);
    const applied = await apply(BOTH);
    assert.equal(applied.status, 0, applied.stdout + applied.stderr);
    assert.match(applied.stdout, /^change subnet internal4-retiring$/m);
    assert.match(applied.stdout, /^create subnet external4$/m);
    await until({ what: "the provider to hear of all", timeout: 15_000 }, async () => {
      const told = await askProvider(LAB, "show route where source = RTS_BGP");
      const missing = ["172.18.208.0/24", "172.18.209.0/24", "2001:db8:a41:2::/63", "2001:db8:a41:4::/63"].find(
        (one) => !told.includes(one),
      );
      return missing && `not of ${missing}`;
    });
    await proven(BOTH);
    assert.equal(await leased("int"), addressOf(int, 4));
    await goOn(streams, 5);
    assert.deepEqual(await troubles(), []);
  });

  test("new VMs have addresses of the new ranges, and all reach all", async () => {
    newInt = await vm("new-int", "internal", "h2");
    newExt = await vm("new-ext", "external", "h1");
    assert.match(addressOf(newInt, 4), /^10\.66\./);
    assert.match(addressOf(newInt, 6), /^2001:db8:a41:5:/);
    assert.match(addressOf(newExt, 4), /^172\.18\.209\./);
    assert.match(addressOf(newExt, 6), /^2001:db8:a41:4:/);
    const vms = [int, ext, newInt, newExt];
    for (const from of vms)
      for (const to of vms.filter((other) => other !== from))
        for (const family of [4, 6] as const)
          assert.ok((await ping(vmNetns(LAB, from.name), addressOf(to, family))).reached, `${from.name} to ${to.name}, IPv${family}`);
    for (const family of [4, 6] as const)
      assert.ok((await ping(machineNetns(LAB, OUTSIDE.name), addressOf(newExt, family))).reached, `outside to new-ext, IPv${family}`);
    for (const { name } of [int, newInt]) {
      assert.match(String((await tcp(vmNetns(LAB, name), out.ipv4, 80)).peerSaw), /^198\.51\.100\.(8|9|10|11)$/, name);
      assert.match(String((await udp(vmNetns(LAB, name), out.ipv4, 53)).peerSaw), /^198\.51\.100\.(8|9|10|11)$/, name);
    }
    assert.ok(!(await ping(machineNetns(LAB, OUTSIDE.name), addressOf(newInt, 4))).reached);
    assert.deepEqual(await troubles(), []);
  });

  test("who has yet to move is told; a VM moves with both addresses in between, and DHCP follows", async () => {
    const internal4 = await subnetNamed("internal4");
    const old = (await portOf(int)).fixed_ips.map(({ ip_address }) => ({ ip_address }));
    const both = await readdress(int, [...old, { subnet_id: internal4 }]);
    const moved = both.find((ip) => ip.startsWith("10.66.")) ?? assert.fail(both.join());
    await inVm("int", ["ip", "addr", "add", `${moved}/32`, "dev", "eth0"]);
    await until({ what: "int to be reached by its new address", timeout: 15_000 }, async () =>
      (await ping(vmNetns(LAB, "new-ext"), moved)).reached ? undefined : "it is not",
    );
    assert.match(String((await tcp(vmNetns(LAB, "int"), out.ipv4, 80, { source: moved })).peerSaw), /^198\.51\.100\./);
    assert.match(
      (await apply(BOTH)).stdout,
      new RegExp(`^internal4-retiring 10\\.65\\.0\\.0/16: 1 port has an address of it\n    ${addressOf(int, 4)}: port `, "m"),
    );
    assert.equal((await apply(NEW)).status, 1);
    // Until here every flow went on as it was. Those of the old addresses end with them.
    assert.deepEqual(await troubles(), []);
    streams.splice(0).forEach((stream) => stream.end());
    await readdress(int, [{ ip_address: moved }, { subnet_id: await subnetNamed("internal6") }]);
    await until({ what: "int to be given its new address", timeout: 15_000 }, async () => {
      const given = await leased("int");
      return given === moved ? undefined : given;
    });
    await inVm("int", ["ip", "addr", "del", `${addressOf(int, 4)}/16`, "dev", "eth0"]);
    await removeVm(LAB, "ext");
  });

  test("once nobody has an address of them the old ranges leave, everywhere, and the new ones notice nothing", async () => {
    const outside = machineNetns(LAB, OUTSIDE.name);
    streams.push(
      pings({ what: "outside to new-ext by IPv4", netns: outside, to: addressOf(newExt, 4) }),
      pings({ what: "outside to new-ext by IPv6", netns: outside, to: addressOf(newExt, 6) }),
      pings({ what: "int to new-ext", netns: vmNetns(LAB, "int"), to: addressOf(newExt, 4) }),
      conversation({ what: "a connection of int by PNAT", netns: vmNetns(LAB, "int"), to: out.ipv4, port: 7001, server: outside }),
      connections({ what: "new connections of new-int by PNAT", netns: vmNetns(LAB, "new-int"), to: out.ipv4, port: 80 }),
    );
    await goOn(streams, 5);
    assert.match(
      (await apply(BOTH)).stdout,
      /^internal4-retiring 10\.65\.0\.0\/16: nobody has an address of it; it may be left out of ranges\.retiring$/m,
    );
    const applied = await apply(NEW);
    assert.equal(applied.status, 0, applied.stdout + applied.stderr);
    for (const machine of MACHINES)
      await until({ what: `the old ranges to leave ${machine}`, timeout: 15_000 }, async () => OF_OLD.exec(await heldBy(machine))?.[0]);
    await until(
      { what: "the provider to forget the old ranges", timeout: 15_000 },
      async () => OF_OLD.exec(await askProvider(LAB, "show route where source = RTS_BGP"))?.[0],
    );
    await proven(NEW);
    await goOn(streams, 5);
    assert.deepEqual(await troubles(), []);
    assert.deepEqual(await leaked({ lab: LAB, dc }), []);
  });
});

/** Everything that a machine's kernel and programs know of addresses. */
async function heldBy(machine: string): Promise<string> {
  const netns = machineNetns(LAB, machine);
  const asked = [
    ["ip", "-4", "route"],
    ["ip", "-6", "route"],
    ["ip", "addr"],
    ["nft", "list", "ruleset"],
  ];
  const texts = await Promise.all(asked.map((argv) => must(inside(netns, argv))));
  const files = await must(["find", agentState(LAB, machine), "-name", "*.conf", "-exec", "cat", "{}", "+"]);
  return [...texts, files].join("\n");
}
