/** Two flat segments: flows are shared between them, and whichever is cut, and wherever, traffic goes on by the other within a second. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { down } from "./down.ts";
import { fabricStands } from "./fabric.ts";
import { PING, groupAllowing } from "./group.real.ts";
import { leads } from "./kernel-routes.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { must } from "./program.ts";
import { raiseExample } from "./raise.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { goOn, pings } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { addVm } from "./vm.ts";
import { addressOf } from "./vm-record.ts";
import type { Vm } from "./vm-record.ts";

const lab = await ownLab("segments");
const at = (machine: string) => machineNetns(lab, machine);
let center: DataCenter;
let vms: { readonly a: Vm; readonly b: Vm };
const streams: Stream[] = [];

/** A switch's port: both ends lose their carrier. */
const port = (segment: "fabric" | "fabric2", machine: string, state: "up" | "down") =>
  must(["ip", "-n", at(segment), "link", "set", machine, state]);

before(async () => {
  center = await raiseExample(lab, "two-segments");
  await groupAllowing(lab, "ping", [PING]);
  vms = {
    a: await addVm(lab, { name: "a", host: "h1", network: "external", groups: ["ping"] }),
    b: await addVm(lab, { name: "b", host: "h2", network: "internal", groups: ["ping"] }),
  };
  await fabricStands(lab, center);
});

after(async () => {
  for (const stream of streams) stream.end();
  await down(lab);
});

const addressesOf = (vm: Vm) => [addressOf(vm, 4), addressOf(vm, 6)] as const;

describe("a flat fabric of two segments", { timeout: 180_000 }, () => {
  test("gateway and hosts send by both", async () => {
    const [a4, a6] = addressesOf(vms.a);
    await leads(at("gw1"), a4, "192.168.100.11 192.168.101.11");
    await leads(at("gw1"), a6, "2001:db8:a41:10f::11 2001:db8:a41:f::11");
    await leads(at("h2"), a4, "192.168.100.11 192.168.101.11");
    await leads(at("h1"), "default", "192.168.100.1 192.168.101.1");
  });

  const CUTS = [
    ["the host's second link", "fabric2", "h1", "192.168.100.11"],
    ["the host's first link", "fabric", "h1", "192.168.101.11"],
    ["the gateway's first link", "fabric", "gw1", "192.168.101.11"],
    ["the gateway's second link", "fabric2", "gw1", "192.168.100.11"],
  ] as const;
  for (const [what, segment, machine, by] of CUTS)
    test(`${what} is cut: traffic goes on within a second, and by both once it is back`, async (t) => {
      const [[a4, a6], out] = [addressesOf(vms.a), outsideHost(center.lab)];
      const own = [
        pings({ what: "outside to a", netns: at(OUTSIDE.name), to: a4 }),
        pings({ what: "outside to a by IPv6", netns: at(OUTSIDE.name), to: a6 }),
        pings({ what: "b to a", netns: vmNetns(lab, "b"), to: a4 }),
        pings({ what: "b out through the gateway", netns: vmNetns(lab, "b"), to: out.ipv4 }),
      ];
      streams.push(...own);
      await goOn(own, 3);
      await port(segment, machine, "down");
      await leads(at("gw1"), a4, by);
      await goOn(own, 100);
      for (const stream of own) {
        const lost = await stream.troubles();
        t.diagnostic(`${stream.what}: ${lost.length * 10} ms`);
        // A packet each 10 ms.
        assert.ok(lost.length < 100, `${lost.length} lost: ${lost[0]} … ${lost.at(-1)}`);
      }
      for (const stream of own) stream.end();
      await port(segment, machine, "up");
      await leads(at("gw1"), a4, "192.168.100.11 192.168.101.11");
      await leads(at("h1"), "default", "192.168.100.1 192.168.101.1");
    });
});
