import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { Difference } from "../datacenter/apply-difference.ts";
import type { DataCenter } from "../datacenter/data-center.ts";
import { readDataCenter } from "../datacenter/read.ts";
import { sessionsOf } from "../datacenter/sessions.ts";
import type { Report, Said, Sessions } from "../feed/item.ts";
import { sandbox } from "../neutron/sandbox.ts";
import type { Sandbox } from "../neutron/sandbox.ts";
import type { Result } from "../result.ts";
import { beginRollout, judge, takeStep } from "./decisions.ts";
import type { Begun } from "./decisions.ts";
import { fabricDifference } from "./difference.ts";
import { decideDrain, markedAs } from "./drain.ts";
import { stepOf } from "./rollout.ts";
import { stagesOf } from "./stages.ts";
import { amissBefore, missingIn } from "./standing.ts";

const machine = (name: string, last: number) => ({ name, ipv4: `192.168.100.${last}` });
const gateway = (name: string, last: number) => ({
  ...machine(name, last),
  upstream: { asn: 64496, interface: "wan0", ipv4: { address: `198.51.100.${last}/24`, peer: "198.51.100.1" } },
  pnat: `198.51.100.${last}0-198.51.100.${last}3`,
});

const DOCUMENT = {
  name: "dc",
  ranges: { public: "172.18.208.0/24", private: "10.65.0.0/16" },
  fabric: { asn: 64512, interface: "fab0", ipv4: "192.168.100.0/24" },
  reflectors: [machine("rr1", 50)],
  hosts: [machine("h1", 101)],
  gateways: [gateway("gw1", 2)],
};

function center(changes: object = {}): DataCenter {
  const reading = readDataCenter({ ...DOCUMENT, ...changes });
  if (!reading.ok) throw new Error(JSON.stringify(reading.findings));
  return reading.value;
}

const OLD = center();
const REPLACED = center({ gateways: [gateway("gw2", 3)] });
const drainedIn = (dc: DataCenter | undefined) => dc?.gateways.filter((gateway) => gateway.drained).map(({ name }) => name);
const names = (dc: DataCenter | undefined) => dc?.gateways.map(({ name }) => name);

function differenceOf(change: Begun["change"]): Difference {
  if (change === undefined) return assert.fail();
  const parts = fabricDifference(change.before, change.after);
  for (let part = parts.next(); ; part = parts.next()) if (part.done === true) return part.value;
}

describe("stages", () => {
  test("what replaces a machine stands beside it before it goes", () => {
    const { centers, ahead } = stagesOf(OLD, REPLACED);
    assert.deepEqual(centers.map(names), [["gw2", "gw1"], ["gw2", "gw1"], ["gw2"]]);
    assert.deepEqual(centers.map(drainedIn), [[], ["gw1"], []]);
    assert.equal(centers[2], REPLACED);
    assert.deepEqual(ahead, []);
  });

  test("what only comes, or only changes, is one step; and so is a first data centre", () => {
    const more = center({ gateways: [gateway("gw1", 2), gateway("gw2", 3)] });
    assert.deepEqual(stagesOf(OLD, more), { centers: [more], ahead: [] });
    assert.deepEqual(stagesOf(undefined, OLD), { centers: [OLD], ahead: [] });
  });

  test("sessions of another peering stand before those of the old one go, forth and back", () => {
    const direct = center({ reflectors: [] });
    const told = (dc: DataCenter | undefined) =>
      dc === undefined ? [] : sessionsOf(dc).flatMap(({ kind, near, far }) => (kind === "customer" ? [] : [`${near.name}-${far.name}`]));
    for (const [from, to] of [
      [OLD, direct],
      [direct, OLD],
    ] as const) {
      const { centers } = stagesOf(from, to);
      assert.equal(centers.length, 2);
      assert.deepEqual(told(centers[0]).toSorted(), [...told(from), ...told(to)].toSorted());
      assert.equal(centers[1], to);
    }
    const mesh = center({
      reflectors: [],
      fabric: { ...DOCUMENT.fabric, peering: "mesh" },
      hosts: [machine("h1", 101), machine("h2", 102)],
    });
    const without = center({ reflectors: [], hosts: [machine("h1", 101), machine("h2", 102)] });
    const [both] = stagesOf(without, mesh).centers;
    assert.deepEqual(told(both).toSorted(), ["h1-gw1", "h1-h2", "h2-gw1"], "two machines have one session");
  });

  test("what wants an address of the new one cannot stand beside it, and that is said", () => {
    const successor = center({ gateways: [{ ...gateway("gw2", 2) }] });
    const { centers, ahead } = stagesOf(OLD, successor);
    assert.deepEqual(centers, [successor]);
    assert.deepEqual(ahead, ["gw1 goes before gw2 has come: both have 192.168.100.2"]);
    const pool = center({ gateways: [{ ...gateway("gw2", 3), pnat: "198.51.100.21-198.51.100.22" }] });
    assert.match(stagesOf(OLD, pool).ahead.join(), /one PNAT pool/);
  });
});

describe("standing", () => {
  const reports = new Map<string, Report | undefined>();
  const said: Said = (host) => (reports.has(host) ? { report: reports.get(host) } : undefined);
  const report = (revision: number, more: Partial<Report> = {}, sessions: Sessions = { established: 1, down: [] }): Report => ({
    op: "report",
    revision,
    endpoints: {},
    arrived: {},
    taken: {},
    troubles: [],
    sessions,
    ...more,
  });
  const missing = (dc: DataCenter, absent: readonly string[] = []) => missingIn(dc, { said, revision: 7, absent });
  beforeEach(() => {
    reports.clear();
    for (const name of ["rr1", "gw1", "h1"]) reports.set(name, report(7));
  });

  test("everybody has done it, and every session stands", () => assert.deepEqual(missing(OLD), []));

  test("an agent that is away, behind, or has not asked its BIRD is waited for", () => {
    reports.delete("rr1");
    reports.set("gw1", report(6));
    const { sessions: _, ...silent } = report(7);
    reports.set("h1", silent);
    assert.deepEqual(missing(OLD), ["rr1: its agent is not connected", "gw1: it has not done it yet", "h1: its BIRD does not answer yet"]);
  });

  test("a session that is down counts, and a machine's troubles, but not what a VM waits for", () => {
    reports.set("rr1", report(7, {}, { established: 1, down: ["host:h1"] }));
    reports.set("h1", report(7, { troubles: ["link/tap1: waits for link/tap1", "daemon/bird: it ended"] }));
    assert.deepEqual(missing(OLD), ["rr1: no session host:h1", "h1: daemon/bird: it ended"]);
  });

  test("who was away before is not waited for, nor sessions to it, nor a host that is yet to come; a new gateway is", () => {
    reports.delete("h1");
    reports.set("rr1", report(7, {}, { established: 1, down: ["host:h1", "host:h9"] }));
    const next = center({ hosts: [machine("h1", 101), machine("h9", 109)], gateways: [gateway("gw1", 2), gateway("gw2", 3)] });
    const { absent, amiss } = amissBefore(OLD, next, said);
    assert.deepEqual([absent, amiss], [["h1", "h9"], []]);
    assert.deepEqual(missing(next, absent), ["gw2: its agent is not connected"]);
  });
});

describe("a change under way", () => {
  let cloud: Sandbox;
  let ids = 0;
  const fresh = () => ({
    now: cloud.time.now,
    uuid: () => `22222222-0000-4000-8000-${(++ids).toString(16).padStart(12, "0")}`,
    below: () => 0n,
  });
  function did<T>(decided: Result<{ readonly writes: readonly { readonly key: string; readonly row?: object }[]; readonly answer: T }>): T {
    if (!decided.ok) throw new Error(decided.refusal.message);
    for (const { key, row } of decided.value.writes) cloud.cloud.apply(key, row);
    return decided.value.answer;
  }
  const begin = (datacenter: DataCenter, confirm?: number): Begun =>
    did(
      beginRollout(
        cloud.cloud,
        { datacenter, project: "admin", before: { absent: [], amiss: [] }, ...(confirm !== undefined && { confirm }) },
        fresh(),
      ),
    );
  const state = () => cloud.cloud.get("rollout", "this")?.state;
  const drained = () => drainedIn(cloud.cloud.get("datacenter", "this"));
  const gateways = () => names(cloud.cloud.get("datacenter", "this"));
  /** What is to be done now, done. */
  const look = (missing: readonly string[] = []) => {
    const rollout = cloud.cloud.get("rollout", "this");
    const step = rollout && stepOf(rollout, { missing, now: cloud.time.now });
    if (step !== undefined) did(takeStep(cloud.cloud, step, fresh()));
    return state();
  };
  const pass = (seconds: number) =>
    (cloud.time.now = new Date(Date.parse(cloud.time.now) + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z"));

  beforeEach(() => {
    cloud = sandbox();
    begin(OLD);
  });

  test("the first data centre, and one that changes nothing, is no rollout", () => {
    assert.equal(state(), undefined);
    begin(OLD, 60);
    assert.equal(state(), undefined);
  });

  test("the old gateway goes when the new one stands", () => {
    const { change, stages } = begin(REPLACED);
    assert.equal(stages, 3);
    const lines = differenceOf(change).map(({ action, object, name }) => `${action} ${object} ${name}`);
    for (const line of ["delete session gw1 – rr1 (iBGP)", "create session gw2 – rr1 (iBGP)", "delete gateway gw1", "create gateway gw2"])
      assert.ok(lines.includes(line), `${line} of ${lines.join("; ")}`);
    assert.deepEqual(gateways(), ["gw2", "gw1"]);
    assert.equal(look(["gw2: no session reflector:rr1"]), "under way");
    assert.deepEqual(gateways(), ["gw2", "gw1"]);
    assert.equal(look(), "under way");
    assert.deepEqual([gateways(), drained()], [["gw2", "gw1"], ["gw1"]]);
    assert.equal(look(), "under way");
    assert.deepEqual([gateways(), drained()], [["gw2"], []]);
    assert.equal(look(), "done");
  });

  test("what does not come to stand goes back, and the old gateway was never gone", () => {
    begin(REPLACED);
    pass(61);
    assert.equal(look(["gw2: its agent is not connected"]), "going back");
    assert.deepEqual([gateways(), drained()], [["gw1", "gw2"], []]);
    assert.equal(look(), "going back");
    assert.deepEqual([gateways(), drained()], [["gw1", "gw2"], ["gw2"]]);
    assert.equal(look(), "going back");
    assert.deepEqual(gateways(), ["gw1"]);
    assert.equal(look(), "gone back");
    assert.match(cloud.cloud.get("rollout", "this")?.reason ?? "", /did not stand within 60 s: gw2: its agent is not connected/);
  });

  test("a change that nobody confirms in time goes back; one that is confirmed stays", () => {
    const asn = center({ dns: ["203.0.113.53"] });
    begin(asn, 30);
    assert.equal(look(), "to be confirmed");
    pass(29);
    assert.equal(look(), "to be confirmed");
    pass(1);
    assert.equal(look(), "going back");
    assert.deepEqual(cloud.cloud.get("datacenter", "this")?.dns, []);
    assert.equal(look(), "gone back");

    begin(asn, 30);
    look();
    did(judge(cloud.cloud, "confirm", fresh()));
    assert.equal(state(), "done");
    assert.deepEqual(cloud.cloud.get("datacenter", "this")?.dns, ["203.0.113.53"]);
  });

  test("one at a time; what does not stand cannot be confirmed; what is under way can be taken back", () => {
    begin(REPLACED);
    assert.throws(() => begin(OLD), /another change of it is under way/);
    assert.throws(() => did(judge(cloud.cloud, "confirm", fresh())), /does not stand yet/);
    did(judge(cloud.cloud, "back", fresh()));
    look();
    look();
    assert.equal(look(), "gone back");
    assert.deepEqual(gateways(), ["gw1"]);
    assert.throws(() => did(judge(cloud.cloud, "back", fresh())), /none is under way/);
  });
});

describe("a gateway out of service", () => {
  let cloud: Sandbox;
  const both = center({ gateways: [gateway("gw1", 2), gateway("gw2", 3)] });
  const now = () => cloud.cloud.get("datacenter", "this") ?? assert.fail();
  let ids = 0;
  const fresh = () => ({
    now: cloud.time.now,
    uuid: () => `33333333-0000-4000-8000-${(++ids).toString(16).padStart(12, "0")}`,
    below: () => 0n,
  });
  const did = (decided: Result<{ readonly writes: readonly { readonly key: string; readonly row?: object }[] }>) => {
    if (!decided.ok) throw new Error(`${decided.refusal.status} ${decided.refusal.message}`);
    for (const { key, row } of decided.value.writes) cloud.cloud.apply(key, row);
  };
  /** What the first stage marks, then what stands in the end. */
  const drain = (name: string, drained: boolean, force = false) => {
    did(decideDrain(cloud.cloud, { gateway: name, drained, force, project: "p", said: () => undefined }, fresh()));
    const first = marks();
    for (let at = 0; at < 3; at++) {
      const rollout = cloud.cloud.get("rollout", "this");
      const step = rollout && stepOf(rollout, { missing: [], now: cloud.time.now });
      if (step !== undefined) did(takeStep(cloud.cloud, step, fresh()));
    }
    return [first, marks()];
  };
  const marks = () =>
    now().gateways.flatMap(({ name, drained, relayed }) =>
      drained || relayed ? [[name, drained && "drained", relayed && "relayed"].filter(Boolean).join(" ")] : [],
    );
  beforeEach(() => {
    cloud = sandbox();
    did(beginRollout(cloud.cloud, { datacenter: both, project: "p", before: { absent: [], amiss: [] } }, fresh()));
  });

  test("others learn to send on to it before anybody turns to them, and unlearn it last", () => {
    assert.deepEqual(drain("gw1", true), [["gw1 relayed"], ["gw1 drained relayed"]]);
    assert.deepEqual(drain("gw1", true), [["gw1 drained relayed"], ["gw1 drained relayed"]]);
    assert.deepEqual(drain("gw1", false), [["gw1 relayed"], []]);
    assert.equal(cloud.cloud.get("rollout", "this")?.state, "done");
  });

  test("it waits for gateways alone", () => {
    did(decideDrain(cloud.cloud, { gateway: "gw1", drained: true, force: false, project: "p", said: () => undefined }, fresh()));
    const { absent = [] } = cloud.cloud.get("rollout", "this") ?? {};
    assert.deepEqual(
      ["h1", "rr1"].filter((name) => !absent.includes(name)),
      [],
    );
    const said: Said = (name) => (name.startsWith("gw") ? { report: undefined } : undefined);
    did(takeStep(cloud.cloud, { back: "gw2: it has not done it yet" }, fresh()));
    assert.deepEqual(marks(), [], "what does not stand goes back");
    cloud.cloud.apply("rollout/this", undefined);
    did(decideDrain(cloud.cloud, { gateway: "gw1", drained: true, force: false, project: "p", said }, fresh()));
    const rollout = cloud.cloud.get("rollout", "this") ?? assert.fail();
    assert.deepEqual(missingIn(now(), { said, revision: 1, absent: rollout.absent }), [
      "gw1: it has not done it yet",
      "gw2: it has not done it yet",
    ]);
  });

  test("by force, and where nobody translates, it is marked at once", () => {
    assert.deepEqual(drain("gw1", true, true), [["gw1 drained relayed"], ["gw1 drained relayed"]]);
    assert.deepEqual(drain("gw1", false, true), [[], []]);
    const untranslated = both.gateways.map((each) => {
      const { pnat: _, ...rest } = each;
      return rest;
    });
    cloud.cloud.apply("datacenter/this", { ...now(), gateways: untranslated });
    assert.deepEqual(drain("gw1", true), [["gw1 drained"], ["gw1 drained"]]);
  });

  test("it stays marked when a file is applied that says nothing of it", () => {
    drain("gw1", true);
    assert.deepEqual(
      markedAs(now(), both).gateways.map(({ drained, relayed }) => [drained, relayed]),
      [
        [true, true],
        [undefined, undefined],
      ],
    );
    drain("gw1", false);
    assert.deepEqual(now().gateways, both.gateways);
  });

  test("the last one is not drained unless that is meant, and one that is not there cannot be", () => {
    drain("gw1", true);
    assert.throws(() => drain("gw2", true), /409 .* no other gateway is in service that leads outside in the same families/);
    assert.deepEqual(drain("gw2", true, true)[1], ["gw1 drained relayed", "gw2 drained relayed"]);
    assert.throws(() => drain("gw3", true), /404 There is no gateway gw3; there is: gw1, gw2\./);
  });
});
