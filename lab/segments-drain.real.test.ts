/** Two flat segments: connections that a gateway translates outlive that it is taken out of service, whichever segment they come by. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { margayAt } from "./command.real.ts";
import { down } from "./down.ts";
import { leads } from "./kernel-routes.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { must } from "./program.ts";
import { exampleText, raiseText } from "./raise.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { conversation, goOn, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { translated } from "./translated.real.ts";
import { addVm } from "./vm.ts";

const LAB = await ownLab("drain2");
const SECOND = `  second:
    interface: fab1
    ipv4: 192.168.101.0/24
    ipv6: 2001:db8:a41:10f::/64

controllers:
`;
const at = (machine: string) => machineNetns(LAB, machine);
const streams: Stream[] = [];
let center: DataCenter;

before(async () => {
  center = await raiseText(LAB, exampleText("redundant").replace("\ncontrollers:\n", SECOND));
  const vms = [];
  for (const host of ["h1", "h2"]) vms.push(await addVm(LAB, { name: `int-${host}`, host, network: "internal", groups: [] }));
  // Of whom each has one segment left, by which all that it sends must come.
  await must(["ip", "-n", at("fabric2"), "link", "set", "h1", "down"]);
  await must(["ip", "-n", at("fabric"), "link", "set", "h2", "down"]);
  await leads(at("h1"), "default", "192.168.100.1 192.168.100.2");
  await leads(at("h2"), "default", "192.168.101.1 192.168.101.2");
  for (const [index, by] of ["192.168.100.11", "192.168.101.12"].entries())
    for (const name of ["gw1", "gw2"]) await leads(at(name), vms[index]?.nics[0]?.addresses[0] ?? assert.fail(), by);
  const server = at(OUTSIDE.name);
  for (const [host, ports] of [
    ["h1", [7001, 7002, 7003]],
    ["h2", [7011, 7012, 7013]],
  ] as const) {
    const from = { netns: vmNetns(LAB, `int-${host}`), to: outsideHost(center.lab).ipv4, server };
    streams.push(...ports.map((port) => conversation({ what: `from ${host} to port ${port}`, port, ...from })));
  }
  await goOn(streams, 10);
});
after(async () => {
  for (const stream of streams) stream.end();
  await down(LAB);
});

async function gateway(word: "drain" | "undrain", name: string): Promise<void> {
  const { status, stdout, stderr } = await margayAt(LAB, "gateway", word, name);
  assert.equal(status, 0, stdout + stderr);
}

test("each gateway is taken out of service, and put back: what it translates goes on by both segments", { timeout: 180_000 }, async () => {
  const own = () => Promise.all(["gw1", "gw2"].map((name) => translated(LAB, center, name)));
  const known = await own();
  // Which of the two follows from the addresses.
  assert.equal(known.flat().length, streams.length);
  for (const [drained, other] of [
    ["gw1", 2],
    ["gw2", 1],
  ] as const) {
    await gateway("drain", drained);
    await leads(at("h1"), "default", `192.168.100.${other}`);
    await leads(at("h2"), "default", `192.168.101.${other}`);
    await goOn(streams, 100);
    assert.deepEqual(await own(), known);
    await gateway("undrain", drained);
    await leads(at("h1"), "default", "192.168.100.1 192.168.100.2");
    await leads(at("h2"), "default", "192.168.101.1 192.168.101.2");
    await goOn(streams, 50);
  }
  assert.deepEqual(await troublesOf(streams), []);
});
