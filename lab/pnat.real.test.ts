/** What may be said of port-NAT, with packets: who sees whom, from which ports, who may answer, and what is told of it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import type { Variant } from "#core/intent/bgp-variants.ts";
import { blockOf } from "#core/datacenter/pnat-blocks.ts";
import { privateRanges } from "#core/datacenter/ranges.ts";
import type { Ip } from "#core/net/address.ts";
import { fabricStands } from "./fabric.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { tcp } from "./probe.ts";
import { inside, must, run } from "./program.ts";
import { askBird, lowerEdge, raiseEdge, startBirds } from "./provider-edge.ts";
import { outsideHost } from "./topology.ts";
import { until } from "./wait.ts";

const lab = await ownLab("pnat");
const at = (machine: string) => machineNetns(lab, machine);
const VM = "10.65.0.10" as Ip;
const SERVICE = "172.20.0.1" as Ip;

function edgeOf(variant: Variant) {
  return { lab, dc: dataCenterOf(variant), vms: [{ name: "int", host: "h1", addresses: [VM] }] };
}

async function stand(edge: ReturnType<typeof edgeOf>): Promise<void> {
  await raiseEdge(edge);
  // A service of the data centre that is reached by the provider's side, and knows the way back.
  await must(["ip", "-n", at("outside"), "addr", "add", SERVICE, "dev", "lo"]);
  await must(["ip", "-n", at("provider"), "route", "add", "172.20.0.0/16", "via", outsideHost(edge.dc.lab).ipv4]);
  await must(["ip", "-n", at("provider"), "route", "add", "10.65.0.0/16", "via", "198.51.100.2"]);
  startBirds(edge);
  await fabricStands(lab, edge.dc);
  await until({ what: "the route to the VM at gw1", timeout: 10_000 }, async () =>
    (await askBird(edge, "gw1", "show route")).includes(`${VM}/`) ? undefined : VM,
  );
}

/** A VM's port 40000 sends to the outside once; then somebody else there, from another port, sends to where that came from. Does it arrive? */
async function strangerReaches(outside: Ip): Promise<boolean> {
  const script = `
    const socket = require("node:dgram").createSocket("udp4");
    socket.on("message", (message) => { process.stdout.write(String(message)); process.exit(0); });
    socket.bind(40000, () => socket.send("out", 9999, "${outside}"));
    setTimeout(() => process.exit(1), 1500);`;
  const listening = run(inside(vmNetns(lab, "int"), [process.execPath, "-e", script]), { timeout: 5000 });
  let mapping: { readonly ip: string; readonly port: string } | undefined;
  await until({ what: "the flow to be tracked", timeout: 3000 }, async () => {
    const flows = await must(inside(at("gw1"), ["conntrack", "-L", "-p", "udp", "--orig-port-dst", "9999"]));
    const { ip, port } =
      /sport=9999 dport=(?<port>\d+)/.exec(flows)?.groups === undefined
        ? {}
        : { ip: / dst=(198\.\S+) sport=9999/.exec(flows)?.[1], port: /sport=9999 dport=(\d+)/.exec(flows)?.[1] };
    mapping = ip === undefined || port === undefined ? undefined : { ip, port };
    return mapping === undefined ? flows : undefined;
  });
  const send = `const socket = require("node:dgram").createSocket("udp4");
    socket.bind(7777, () => socket.send("stranger", ${mapping?.port}, "${mapping?.ip}", () => socket.close()));`;
  await must(inside(at("outside"), [process.execPath, "-e", send]));
  return (await listening).stdout === "stranger";
}

describe("a full cone, with prefixes that are not translated", () => {
  const edge = edgeOf("full cone, some not translated, logged");
  const outside = outsideHost(edge.dc.lab).ipv4;
  before(() => stand(edge));
  after(() => lowerEdge(edge));

  test("a service of the data centre sees the VM's own address; the outside sees one of the pool", async () => {
    assert.deepEqual((await tcp(vmNetns(lab, "int"), SERVICE, 80)).peerSaw, VM);
    assert.match((await tcp(vmNetns(lab, "int"), outside, 80)).peerSaw ?? "", /^198\.51\.100\.(8|9|10|11)$/);
  });

  test("what goes to the service is not tracked: it may come back by another gateway", async () => {
    assert.doesNotMatch(await must(inside(at("gw1"), ["conntrack", "-L"])), /172\.20\./);
  });

  test("anybody may answer to a port that the VM has opened; nobody to one that it has not", async () => {
    assert.equal(await strangerReaches(outside), true);
    const before = await must(inside(at("gw1"), ["nft", "list", "map", "inet", "margay", "cone"]));
    assert.doesNotMatch(before, / 41000 /);
  });
});

describe("ports that are each VM's own", () => {
  const edge = edgeOf("ports of each VM");
  const { dc } = edge;
  const outside = outsideHost(dc.lab).ipv4;
  before(() => stand(edge));
  after(() => lowerEdge(edge));

  test("a VM goes out from its own block, which follows from its address", async () => {
    const [gw1] = dc.gateways;
    const block = blockOf(VM, privateRanges(dc), gw1?.pnat ?? assert.fail(), 2048) ?? assert.fail();
    for (const port of [80, 22, 80, 80]) assert.equal((await tcp(vmNetns(lab, "int"), outside, port)).peerSaw, block.ip);
    const flows = await must(inside(at("gw1"), ["conntrack", "-L", "-p", "tcp", "-s", VM]));
    const ports = [...flows.matchAll(/ dst=198\S+ sport=\d+ dport=(\d+)/g)].map((match) => Number(match[1]));
    assert.ok(ports.length >= 4, flows);
    assert.deepEqual(
      ports.filter((port) => port < block.first || port > block.last),
      [],
    );
  });

  test("without a full cone only whom it has talked to may answer", async () => {
    assert.equal(await strangerReaches(outside), false);
  });
});
