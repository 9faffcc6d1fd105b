/** From reflectors to sessions with the gateways, to a full mesh, and back, under traffic: what is new stands before the old goes. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { ask } from "./cloud.ts";
import { down } from "./down.ts";
import { agentState } from "./margay.ts";
import { ownLab } from "./own-lab.real.ts";
import { controllerSocket, machineNetns, vmNetns } from "./place.ts";
import { must, run } from "./program.ts";
import { raiseExample } from "./raise.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { connections, pings } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { addVm } from "./vm.ts";
import type { Vm } from "./vm-record.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("peering");
const MARGAY = join(import.meta.dirname, "../margay");
const REFLECTORS = readFileSync(join(import.meta.dirname, "../examples/redundant.yaml"), "utf8");
const DIRECT = REFLECTORS.replace(/reflectors:\n(?: {2}- .*\n)+\n/, "");
const MESH = DIRECT.replace("  interface: fab0\n", "  interface: fab0\n  peering: mesh\n");

let center: DataCenter;
let ext: Vm, int: Vm;

function margayApply(text: string, ...words: readonly string[]) {
  const path = join(LAB.directory, "changed.yaml");
  writeFileSync(path, text);
  return run([MARGAY, "apply", path, "--yes", "--url", `unix:${controllerSocket(LAB)}`, ...words], { timeout: 150_000 });
}

async function apply(text: string): Promise<string> {
  const { status, stdout, stderr } = await margayApply(text);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** With whom a machine's BIRD speaks, and is heard: `gateway:gw1 gateway:gw2`. */
async function speaksWith(machine: string): Promise<string> {
  const text = await must(["birdc", "-r", "-s", join(agentState(LAB, machine), "bird/bird.ctl"), "show", "protocols"]);
  return [...text.matchAll(/^(\S+) +BGP .*Established/gm)]
    .map(([, name]) => name)
    .toSorted()
    .join(" ");
}

function addressOf(vm: Vm, family: 4 | 6): Ip {
  return vm.nics.flatMap(({ addresses }) => addresses).find((ip) => familyOf(ip) === family) ?? assert.fail(vm.name);
}

before(async () => {
  center = await raiseExample(LAB, "redundant");
  const body = { security_group: { name: "open" } };
  const made = await ask<{ security_group: { id: string } }>(LAB, { method: "POST", path: "/v2.0/security-groups", body });
  for (const ethertype of ["IPv4", "IPv6"]) {
    const rule = { security_group_id: made.security_group.id, direction: "ingress", ethertype };
    await ask(LAB, { method: "POST", path: "/v2.0/security-group-rules", body: { security_group_rule: rule } });
  }
  ext = await addVm(LAB, { name: "ext", host: "h1", network: "external", groups: ["open"] });
  int = await addVm(LAB, { name: "int", host: "h2", network: "internal", groups: ["open"] });
});
after(() => down(LAB));

describe("under traffic", () => {
  const inside: Stream[] = [];
  const outward: Stream[] = [];
  const troubles = async (which: readonly Stream[]) => (await Promise.all(which.map((stream) => stream.troubles()))).flat();
  before(async () => {
    const outside = machineNetns(LAB, OUTSIDE.name);
    inside.push(
      pings({ what: "int to ext by IPv4", netns: vmNetns(LAB, "int"), to: addressOf(ext, 4) }),
      pings({ what: "ext to int by IPv4", netns: vmNetns(LAB, "ext"), to: addressOf(int, 4) }),
      pings({ what: "int to ext by IPv6", netns: vmNetns(LAB, "int"), to: addressOf(ext, 6) }),
    );
    outward.push(
      pings({ what: "outside to ext by IPv4", netns: outside, to: addressOf(ext, 4) }),
      pings({ what: "outside to ext by IPv6", netns: outside, to: addressOf(ext, 6) }),
      connections({ what: "new connections of int by PNAT", netns: vmNetns(LAB, "int"), to: outsideHost(center.lab).ipv4, port: 80 }),
    );
    await until({ what: "traffic to flow", timeout: 15_000 }, () => [...inside, ...outward].find((stream) => stream.count() < 3)?.what);
  });
  after(() => [...inside, ...outward].forEach((stream) => stream.end()));

  const becomes = async (text: string, sessions: string) => {
    assert.match(await apply(text), /^in steps: /m);
    await until({ what: `h1 to speak with ${sessions}`, timeout: 15_000 }, async () => {
      const now = await speaksWith("h1");
      return now === sessions ? undefined : now;
    });
    assert.deepEqual(await troubles(inside), []);
  };
  const [STARS, ALL] = ["gateway:gw1 gateway:gw2", "gateway:gw1 gateway:gw2 host:h2 host:h3"];

  for (const [what, text, sessions] of [
    ["from reflectors to a mesh", MESH, ALL],
    ["back from the mesh", REFLECTORS, "reflector:rr1 reflector:rr2"],
    ["from reflectors to the gateways", DIRECT, STARS],
    ["back from the gateways", REFLECTORS, "reflector:rr1 reflector:rr2"],
  ] as const)
    test(`${what}: no packet is lost`, async () => {
      await becomes(text, sessions);
      assert.deepEqual(await troubles(outward), []);
    });

  test("what is not good goes back the same way: no packet is lost", async () => {
    const refused = await margayApply(DIRECT, "--confirm", "60", "--verify", "exit 3");
    assert.equal(refused.status, 4, refused.stdout + refused.stderr);
    await until({ what: "h1 to speak with reflectors alone", timeout: 15_000 }, async () => {
      const now = await speaksWith("h1");
      return now === "reflector:rr1 reflector:rr2" ? undefined : now;
    });
    assert.deepEqual(await troubles([...inside, ...outward]), []);
  });

  test("from the gateways to a mesh, and back: no packet is lost between VMs; the way out is there again within seconds", async () => {
    await becomes(DIRECT, STARS);
    for (const [text, sessions] of [
      [MESH, ALL],
      [DIRECT, STARS],
    ] as const) {
      await becomes(text, sessions);
      // A session with a gateway cannot be of both kinds at once.
      const before = outward.map((stream) => stream.count());
      await until(
        { what: "the way out", timeout: 15_000 },
        () => outward.find((stream, at) => stream.count() < (before[at] ?? 0) + 20)?.what,
      );
    }
  });
});
