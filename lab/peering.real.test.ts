/** From reflectors to sessions with the gateways, to a full mesh, and back, under traffic: what is new stands before the old goes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { applied, margayApply } from "./command.real.ts";
import { down } from "./down.ts";
import { groupAllowing } from "./group.real.ts";
import { agentState } from "./margay.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { must } from "./program.ts";
import { raiseExample } from "./raise.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { connections, goOn, pings, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { addVm } from "./vm.ts";
import { addressOf } from "./vm-record.ts";
import type { Vm } from "./vm-record.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("peering");
const REFLECTORS = readFileSync(join(import.meta.dirname, "../examples/redundant.yaml"), "utf8");
const DIRECT = REFLECTORS.replace(/reflectors:\n(?: {2}- .*\n)+\n/, "");
const MESH = DIRECT.replace("  interface: fab0\n", "  interface: fab0\n  peering: mesh\n");

let center: DataCenter;
let ext: Vm, int: Vm;

/** With whom a machine's BIRD speaks, and is heard: `gateway:gw1 gateway:gw2`. */
async function speaksWith(machine: string): Promise<string> {
  const text = await must(["birdc", "-r", "-s", join(agentState(LAB, machine), "bird/bird.ctl"), "show", "protocols"]);
  return [...text.matchAll(/^(\S+) +BGP .*Established/gm)]
    .map(([, name]) => name)
    .toSorted()
    .join(" ");
}

before(async () => {
  center = await raiseExample(LAB, "redundant");
  await groupAllowing(LAB, "open");
  ext = await addVm(LAB, { name: "ext", host: "h1", network: "external", groups: ["open"] });
  int = await addVm(LAB, { name: "int", host: "h2", network: "internal", groups: ["open"] });
});
after(() => down(LAB));

describe("under traffic", () => {
  const inside: Stream[] = [];
  const outward: Stream[] = [];
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
    await goOn([...inside, ...outward], 3);
  });
  after(() => [...inside, ...outward].forEach((stream) => stream.end()));

  const becomes = async (text: string, sessions: string) => {
    assert.match(await applied(LAB, text), /^in steps: /m);
    await until({ what: `h1 to speak with ${sessions}`, timeout: 15_000 }, async () => {
      const now = await speaksWith("h1");
      return now === sessions ? undefined : now;
    });
    assert.deepEqual(await troublesOf(inside), []);
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
      assert.deepEqual(await troublesOf(outward), []);
    });

  test("what is not good goes back the same way: no packet is lost", async () => {
    const refused = await margayApply(LAB, DIRECT, "--confirm", "60", "--verify", "exit 3");
    assert.equal(refused.status, 4, refused.stdout + refused.stderr);
    await until({ what: "h1 to speak with reflectors alone", timeout: 15_000 }, async () => {
      const now = await speaksWith("h1");
      return now === "reflector:rr1 reflector:rr2" ? undefined : now;
    });
    assert.deepEqual(await troublesOf([...inside, ...outward]), []);
  });

  test("from the gateways to a mesh, and back: no packet is lost between VMs; the way out is there again within seconds", async () => {
    await becomes(DIRECT, STARS);
    for (const [text, sessions] of [
      [MESH, ALL],
      [DIRECT, STARS],
    ] as const) {
      await becomes(text, sessions);
      // A session with a gateway cannot be of both kinds at once.
      await goOn(outward, 20);
    }
  });
});
