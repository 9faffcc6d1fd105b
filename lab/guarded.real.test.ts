/** Sessions with passwords and GTSM: what stands, what does not, what the kernel counts of it, and that nobody tells a password. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Counters } from "#core/doctor/facts.ts";
import { readCounters } from "#core/doctor/kernel-facts.ts";
import { racked } from "#core/intent/bgp-topologies.ts";
import { fabricStands } from "./fabric.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns } from "./place.ts";
import { inside, must } from "./program.ts";
import { askBird, lowerEdge, raiseEdge, startBirds, stateOf } from "./provider-edge.ts";
import type { Edge } from "./provider-edge.ts";
import { until } from "./wait.ts";

const lab = await ownLab("guarded");
const [FILE, OTHER] = [join(lab.directory, "password"), join(lab.directory, "other-password")];
const guard = { password_file: FILE, ttl_security: true } as const;
const declared = racked("racks");
const dc = {
  ...declared,
  fabric: { ...declared.fabric, guard },
  gateways: declared.gateways.map((gateway) => ({ ...gateway, upstream: { ...gateway.upstream, guard } })),
};
const edge: Edge = { lab, dc, vms: [] };

/** A machine that is changed, its session, and who is at the other end. */
const SESSIONS = [
  { what: "a gateway and its provider", machine: "gw1", session: "upstream4", far: "provider" },
  { what: "a gateway and a reflector", machine: "gw1", session: "reflector:rr1", far: "rr1" },
  { what: "a top-of-rack router and a reflector", machine: "tor1", session: "reflector:rr1", far: "rr1" },
  { what: "a host and its top-of-rack router", machine: "h1", session: "tor:tor1", far: "tor1" },
] as const;

type Changed = (typeof SESSIONS)[number];

async function stands({ machine, session }: Changed): Promise<boolean> {
  const lines = (await askBird(edge, machine, "show protocols")).split("\n");
  return lines.some((line) => line.startsWith(`${session} `) && line.includes("Established"));
}

async function comesTo(changed: Changed, wanted: "stand" | "be down"): Promise<void> {
  await until({ what: `${changed.session} of ${changed.machine} to ${wanted}`, timeout: 40_000 }, async () =>
    (await stands(changed)) === (wanted === "stand") ? undefined : askBird(edge, changed.machine, "show protocols"),
  );
}

const configOf = (machine: string) => join(stateOf(edge.lab, machine), "bird/bird.conf");

/** The machine's BIRD reads other words in place of those that include the password. */
async function guardedBy(machine: string, words: string): Promise<() => Promise<void>> {
  const before = readFileSync(configOf(machine), "utf8");
  writeFileSync(configOf(machine), before.replaceAll(`include "${FILE}";`, words));
  assert.match(await askBird(edge, machine, "configure"), /Reconfigur/);
  return async () => {
    writeFileSync(configOf(machine), before);
    await askBird(edge, machine, "configure");
  };
}

async function refusedAt(machine: string): Promise<Counters["guarded"]> {
  return readCounters(await must(inside(machineNetns(edge.lab, machine), ["cat", "/proc/net/netstat"])), "").guarded;
}

/** Either end counts what it refuses of the other, whoever of the two connects. */
async function counts({ machine, far }: Changed, kinds: readonly (keyof Counters["guarded"])[], doing: () => Promise<void>): Promise<void> {
  const sum = async () => {
    const both = await Promise.all([machine, far].map(refusedAt));
    return both.flatMap((each) => kinds.map((kind) => each[kind])).reduce((one, other) => one + other, 0);
  };
  const before = await sum();
  await doing();
  await until({ what: `${machine} or ${far} to count ${kinds.join(", ")}`, timeout: 20_000 }, async () =>
    (await sum()) > before ? undefined : String(before),
  );
}

describe("racks whose sessions are guarded", () => {
  before(async () => {
    await raiseEdge(edge);
    writeFileSync(OTHER, 'password "of somebody else";\n', { mode: 0o600 });
    startBirds(edge);
    await fabricStands(edge.lab, edge.dc);
    for (const each of SESSIONS) await comesTo(each, "stand");
  });
  after(() => lowerEdge(edge));

  for (const each of SESSIONS)
    test(`${each.what}: with another password, or none at one end, it is down and counted; with the right one it stands`, async () => {
      for (const [words, kinds] of [
        [`include "${OTHER}";`, ["other_password"]],
        ["", ["no_password", "unasked_password"]],
      ] as const) {
        let back = async () => {};
        await counts(each, kinds, async () => {
          back = await guardedBy(each.machine, words);
          await comesTo(each, "be down");
        });
        await back();
        await comesTo(each, "stand");
      }
    });

  test("GTSM: what may have come from farther than one hop is refused and counted", async () => {
    const [, reflector] = SESSIONS;
    const before = readFileSync(configOf("rr1"), "utf8");
    // One end sends with an ordinary TTL, as somebody behind a router would.
    await counts(reflector, ["far"], async () => {
      writeFileSync(configOf("rr1"), before.replaceAll("ttl security on;", ""));
      await askBird(edge, "rr1", "configure");
      await comesTo(reflector, "be down");
    });
    writeFileSync(configOf("rr1"), before);
    await askBird(edge, "rr1", "configure");
    await comesTo(reflector, "stand");
  });

  test("a file that is not there, or says something else, is refused whole: sessions stay, and BIRD names the place, not the secret", async () => {
    const [, reflector] = SESSIONS;
    const before = readFileSync(configOf("gw1"), "utf8");
    for (const [text, says] of [
      [undefined, /Unable to open included file \/run\/margay-lab\/\S+\/guarded-nothing/],
      ['pasword "hush";\n', /guarded-nothing:1:\d+ syntax error/],
      ["password hush;\n", /guarded-nothing:1:\d+ syntax error/],
    ] as const) {
      const path = join(lab.directory, "guarded-nothing");
      if (text !== undefined) writeFileSync(path, text);
      writeFileSync(configOf("gw1"), before.replaceAll(FILE, path));
      const said = await askBird(edge, "gw1", "configure").catch(String);
      rmSync(path, { force: true });
      assert.match(said, says);
      assert.doesNotMatch(said, /hush/);
      assert.ok(await stands(reflector));
    }
    writeFileSync(configOf("gw1"), before);
  });

  test("no log tells a password", () => {
    const logs = readdirSync(join(edge.lab.directory, "log")).map((name) => readFileSync(join(edge.lab.directory, "log", name), "utf8"));
    assert.ok(logs.length > 5);
    for (const log of logs) assert.doesNotMatch(log, /of the lab|of somebody else|hush/);
  });
});
