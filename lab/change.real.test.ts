/** A data centre becomes another under traffic: what is replaced goes when its replacement stands, and what is not confirmed goes back. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { margayApply, margayAt } from "./command.real.ts";
import { down } from "./down.ts";
import { groupAllowing } from "./group.real.ts";
import { hopsTo } from "./kernel-routes.ts";
import { agentState } from "./margay.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { inside, must } from "./program.ts";
import { askProvider } from "./provider-router.ts";
import { raiseExample } from "./raise.ts";
import { OUTSIDE, outsideHost, PROVIDER } from "./topology.ts";
import { connections, conversation, goOn, pings, troublesOf } from "./traffic.real.ts";
import type { Stream } from "./traffic.real.ts";
import { translated } from "./translated.real.ts";
import { addVm } from "./vm.ts";
import { addressOf } from "./vm-record.ts";
import type { Vm } from "./vm-record.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("change");
const FILE = readFileSync(join(import.meta.dirname, "../examples/redundant.yaml"), "utf8");

let center: DataCenter;
let ext: Vm;

/** The example's text without one gateway. */
function without(gateway: string): string {
  const from = FILE.indexOf(`  - name: ${gateway}\n`);
  const next = FILE.indexOf("\n  - name: ", from + 1);
  const end = next < 0 ? FILE.indexOf("\n\n", from) : next;
  return FILE.slice(0, from) + FILE.slice(end + 1);
}

const apply = (text: string, ...words: readonly string[]) => margayApply(LAB, text, ...words);

/** The gateways that h1 sends to. */
const hopsOfH1 = () => hopsTo(machineNetns(LAB, "h1"), "default");

async function hopsAre(wanted: string): Promise<void> {
  await until({ what: `h1 to use ${wanted}`, timeout: 5000 }, async () => {
    const hops = await hopsOfH1();
    return hops === wanted ? undefined : hops;
  });
}

/** Does this gateway's kernel send on to another what it knows nothing of? */
async function relays(gateway: string): Promise<boolean> {
  return (await must(inside(machineNetns(LAB, gateway), ["nft", "list", "ruleset"]))).includes("chain relay");
}

const HOPS = { gw1: "192.168.100.1", gw2: "192.168.100.2" } as const;

const translatedBy = async (gateway: string) => (await translated(LAB, center, gateway)).length;

before(async () => {
  center = await raiseExample(LAB, "redundant");
  await groupAllowing(LAB, "open");
  ext = await addVm(LAB, { name: "ext", host: "h1", network: "external", groups: ["open"] });
  await addVm(LAB, { name: "int", host: "h2", network: "internal", groups: [] });
});
after(() => down(LAB));

describe("under traffic", () => {
  const streams: Stream[] = [];
  const troubles = () => troublesOf(streams);
  before(async () => {
    const [outside, out] = [machineNetns(LAB, OUTSIDE.name), outsideHost(center.lab)];
    streams.push(
      pings({ what: "outside to ext by IPv4", netns: outside, to: addressOf(ext, 4) }),
      pings({ what: "outside to ext by IPv6", netns: outside, to: addressOf(ext, 6) }),
      pings({ what: "int to ext", netns: vmNetns(LAB, "int"), to: addressOf(ext, 4) }),
      connections({ what: "new connections of int to the outside", netns: vmNetns(LAB, "int"), to: out.ipv4, port: 80 }),
    );
    await goOn(streams, 3);
  });
  after(() => streams.forEach((stream) => stream.end()));

  test("a gateway is taken out of service, and put back: no packet is lost, and what it translates goes on", async () => {
    const [server, ports] = [machineNetns(LAB, OUTSIDE.name), [7001, 7002, 7003]];
    const gateway = (...words: readonly string[]) => margayAt(LAB, "gateway", ...words);
    const from = { netns: vmNetns(LAB, "int"), to: outsideHost(center.lab).ipv4, server };
    const begun = ports.map((port) => conversation({ what: `a connection begun before, to port ${port}`, port, ...from }));
    await goOn(begun, 10);
    // Which of the two follows from the addresses.
    const [used, other] = (await translatedBy("gw1")) > 0 ? (["gw1", "gw2"] as const) : (["gw2", "gw1"] as const);
    assert.equal(await translatedBy(used), ports.length);
    const drained = await gateway("drain", used);
    assert.match(drained.stdout, new RegExp(`^${used} is drained; it still translates \\d+ flows$`, "m"), drained.stderr);
    await hopsAre(HOPS[other]);
    const listed = new RegExp(`\\| ${used} +\\| drained +\\| none +\\| (\\d+) +\\|`).exec((await gateway("list")).stdout);
    assert.ok(Number(listed?.[1]) >= ports.length, String(listed));
    assert.match((await gateway("drain", other)).stderr, /no other gateway is in service/);
    // They go on by way of the other one, which knows nothing of them; what is new is its own.
    await goOn(begun, 100);
    assert.equal(await translatedBy(used), ports.length);
    const late = conversation({ what: "a connection begun since", port: 7004, ...from });
    await until({ what: "a new connection", timeout: 10_000 }, () => (late.count() < 10 ? "not yet" : undefined));
    assert.equal(await translatedBy(other), 1);
    late.end();
    assert.equal(await relays(other), true);
    assert.equal((await gateway("undrain", used)).status, 0);
    assert.equal(await relays(other), false);
    await hopsAre("192.168.100.1 192.168.100.2");
    await goOn(begun, 50);
    const lost = await troublesOf(begun);
    for (const stream of begun) stream.end();
    assert.deepEqual([...lost, ...(await troubles())], []);
  });

  test("a gateway goes, and another replaces it: no packet is lost", async () => {
    const gone = await apply(without("gw2"));
    assert.equal(gone.status, 0, gone.stdout + gone.stderr);
    assert.match(gone.stdout, /^delete gateway gw2$/m);
    assert.equal(await hopsOfH1(), "192.168.100.1");
    const replaced = await apply(without("gw1"), "--confirm", "60", "--verify", "true");
    assert.equal(replaced.status, 0, replaced.stdout + replaced.stderr);
    assert.match(replaced.stdout, /^in steps: /m);
    assert.equal(await hopsOfH1(), "192.168.100.2");
    assert.deepEqual(await troubles(), []);
    assert.doesNotMatch(await askProvider(LAB, "show route where source = RTS_BGP"), /via 198\.51\.100\.2 /);
  });

  test("what is not good goes back, and the way that was good was there all the time", async () => {
    const refused = await apply(FILE, "--confirm", "60", "--verify", "exit 3");
    assert.equal(refused.status, 4, refused.stdout + refused.stderr);
    await until({ what: "h1 to use gw2 alone", timeout: 5000 }, async () =>
      (await hopsOfH1()) === "192.168.100.2" ? undefined : hopsOfH1(),
    );
    assert.deepEqual(await troubles(), []);
  });

  test("all change to another AS number: BIRDs begin anew without taking leave, and packets between VMs are missing for less than half a second", async () => {
    const changing = apply(without("gw1").replace("asn: 64512", "asn: 64513"), "--confirm", "60", "--verify", "true");
    // The provider changes it as well, as was agreed.
    const provider = join(LAB.directory, PROVIDER.name);
    const known = readFileSync(join(provider, "bird.conf"), "utf8");
    writeFileSync(join(provider, "bird.conf"), known.replaceAll("as 64512;", "as 64513;"));
    await must(["birdc", "-s", join(provider, "bird.ctl"), "configure"]);
    const changed = await changing;
    assert.equal(changed.status, 0, changed.stdout + changed.stderr);
    assert.match(changed.stdout, /^ {4}near: 192\.168\.100\.\d+ AS 64512 → 192\.168\.100\.\d+ AS 64513$/m);
    const lost = await lostInside();
    assert.ok(lost < 50, `${lost} were lost`);
  });

  test("all change to a password, and to another one: packets between VMs are missing for less than half a second each time", async () => {
    // Who starts again while others still wait for it loses its routes (RFC 4724).
    await allSpeak();
    for (const word of ["first", "second"]) {
      const path = join(LAB.directory, `${word}-password`);
      writeFileSync(path, `password "the ${word}";\n`, { mode: 0o600 });
      const before = await lostInside();
      const guarded = without("gw1").replace("asn: 64512", `asn: 64513\n  password_file: ${path}`);
      const changed = await apply(guarded, "--confirm", "60", "--verify", "true");
      assert.equal(changed.status, 0, changed.stdout + changed.stderr);
      assert.match(await must(["cat", join(agentState(LAB, "h1"), "bird/bird.conf")]), new RegExp(`include "${path}";`));
      assert.doesNotMatch(changed.stdout + changed.stderr, /the first|the second/);
      await allSpeak();
      const lost = (await lostInside()) - before;
      assert.ok(lost < 50, `${lost} were lost`);
    }
  });

  /** All sessions stand, and nobody waits any more for what a peer had said before it started again. */
  async function allSpeak(): Promise<void> {
    const asked = (name: string, what: string) => must(["birdc", "-s", join(agentState(LAB, name), "bird/bird.ctl"), "show", what]);
    await until({ what: "all sessions to stand", timeout: 30_000 }, async () => {
      const texts = await Promise.all(
        ["h1", "h2", "rr1", "rr2", "gw2"].map(async (name) => `${await asked(name, "status")}${await asked(name, "protocols")}`),
      );
      const isDown = (line: string) => / BGP /.test(line) && !line.includes("Established");
      return texts.find((text) => text.includes("recovery in progress") || text.split("\n").some(isDown));
    });
  }

  /** How many packets between VMs were lost so far. */
  async function lostInside(): Promise<number> {
    const inside = streams.filter(({ what }) => what === "int to ext");
    return (await troublesOf(inside)).length;
  }
});
