/** Flows after a round, over a model of what a host tracks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeFlows } from "#contracts/flows.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import type { GroupRule, View } from "#core/feed/item.ts";
import { CUT_MARK } from "#core/intent/policy.ts";
import { group, ip, port, rule, uuid, viewOf } from "#core/intent/tests/sample-view.ts";
import { flowAudit } from "./flow-audit.ts";
import type { Entry } from "./round.ts";

const A = port(1, ["10.65.0.11"], { groups: [uuid("a")] });
const [OUT, OWN] = [ip("203.0.113.10"), ip("10.65.0.11")];
const open = (at: number) => rule("ingress", 4, { protocol: 6, port_range_min: at, port_range_max: at });
const seen = (...rules: readonly GroupRule[]): View => viewOf([A], { with: [group("a", rules)] });

const entry = (op: Entry["op"], ref = `inet element ingress "${A.tap}"`): Entry => ({
  ref: `nft/${ref}`,
  op,
  show: ref,
  because: [`port/${A.port_id}`],
  needs: [],
  value: ref,
  outcome: { state: "done" },
});
const REDUCED = [entry("replace")];

function setting() {
  const [flows, clock, log] = [fakeFlows(), fakeClock(), fakeLog()];
  const track = (dport: number, mark = 0) =>
    flows.track({
      family: 4,
      protocol: 6,
      orig: { src: OUT, dst: OWN, sport: 40_000, dport },
      reply: { src: OWN, dst: OUT, sport: dport, dport: 40_000 },
      mark,
    });
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  let listed = 0;
  const counted = { ...flows, list: (asked: Parameters<typeof flows.list>[0]) => (listed++, flows.list(asked)) };
  const audit = flowAudit({ host: "h1", flows: counted, clock, log });
  return {
    flows,
    clock,
    log,
    track,
    settle,
    listed: () => listed,
    after: async (entries: readonly Entry[], view: View) => {
      audit.finished(entries, view);
      await settle();
    },
    marks: () => Object.fromEntries(flows.held().map(({ orig, mark }) => [orig.dport, mark])),
  };
}

test("what could not begin any more is cut, and only that; others' marks stay", async () => {
  const { track, after, marks } = setting();
  await after([], seen(open(22), open(80)));
  track(22, 5);
  track(80);
  await after(REDUCED, seen(open(80)));
  assert.deepEqual(marks(), { 22: CUT_MARK + 5, 80: 0 });
});

test("what was cut goes on when it is let through again", async () => {
  const { track, after, marks } = setting();
  track(22, CUT_MARK + 5);
  track(80);
  await after([], seen(open(80)));
  assert.deepEqual(marks(), { 22: CUT_MARK + 5, 80: 0 });
  await after([entry("create")], seen(open(22), open(80)));
  assert.deepEqual(marks(), { 22: 5, 80: 0 });
});

test("an agent that starts cuts what one before it did not come to", async () => {
  const { track, after, marks } = setting();
  track(22);
  track(80);
  await after([entry("keep")], seen(open(80)));
  assert.deepEqual(marks(), { 22: CUT_MARK, 80: 0 });
});

test("nobody looks after a round that took nothing away, unless something was cut before", async () => {
  const { track, after, listed } = setting();
  await after([], seen(open(80)));
  assert.equal(listed(), 1, "the first look");
  const beside = [entry("create"), { ...entry("replace"), ref: "file/dnsmasq/hosts" as const }];
  for (const entries of [[], beside, [entry("keep")], [entry("create")], [entry("delete", `inet element sources4 "${A.tap}"`)]])
    await after(entries, seen(open(80)));
  await after([{ ...entry("replace"), outcome: { state: "failed", reason: "no" } }], seen());
  assert.equal(listed(), 1);
  track(80);
  await after(REDUCED, seen());
  await after([entry("create")], seen());
  assert.equal(listed(), 3);
});

test("flows of an address that is new here are looked at once it has its route", async () => {
  const { track, after, marks, listed } = setting();
  await after([], seen(open(80)));
  track(22);
  track(80);
  await after([entry("create"), { ...entry("create"), ref: `route/${OWN}/32 metric 1024` }], seen(open(80)));
  assert.deepEqual([listed(), marks()], [2, { 22: CUT_MARK, 80: 0 }]);
});

test("what cannot be cut is tried again, and told", async () => {
  const { track, after, marks, flows, clock, settle, log } = setting();
  track(22);
  flows.fail("table busy");
  await after([], seen());
  assert.deepEqual(marks(), { 22: 0 });
  assert.deepEqual(
    log.lines.map(({ level, event, fields }) => `${level} ${event}: ${String(fields["reason"])}`),
    ["error flows cannot be cut: table busy"],
  );
  await after(REDUCED, seen());
  assert.equal(log.lines.length, 1, "it rests");
  flows.fail();
  clock.pass(250);
  await settle();
  assert.deepEqual(marks(), { 22: CUT_MARK });
});

test("a flow that is translated otherwise by now is removed, so that it is translated anew", async () => {
  const { flows, after } = setting();
  const floating = (to: number) => ({
    id: uuid("f"),
    ip: ip("172.18.208.50"),
    stands_for: null,
    forwards: [{ protocol: "tcp" as const, external: { first: 80, last: 80 }, to: OWN, internal: { first: to, last: to } }],
  });
  flows.track({
    family: 4,
    protocol: 6,
    orig: { src: OUT, dst: ip("172.18.208.50"), sport: 40_000, dport: 80 },
    reply: { src: OWN, dst: OUT, sport: 8080, dport: 40_000 },
  });
  const showing = (to: number) => viewOf([{ ...A, floating: [floating(to)] }], { with: [group("a", [rule("ingress", 4)])] });
  await after([], showing(8080));
  assert.equal(flows.held().length, 1);
  await after([entry("replace", "inet element floating4 172.18.208.50")], showing(8081));
  assert.equal(flows.held().length, 0);
});

const offloaded = (flows: ReturnType<typeof fakeFlows>) =>
  flows.held().flatMap(({ orig, offloaded: is }) => (is === true ? [orig.dport] : []));
const slowPath = entry("create", `inet element slow-path "${A.tap}"`);
const LIMITED = viewOf([{ ...A, limits: [{ direction: "egress", unit: "bytes", per_second: 1000, burst: 1000 }] }], {
  with: [group("a", [open(22), open(80)])],
});

test("a flow that is cut is offloaded no more, and one beside it goes on as it did", async () => {
  const { flows, track, after, marks } = setting();
  await after([], seen(open(22), open(80)));
  track(22);
  track(80);
  flows.offload(() => true);
  await after(REDUCED, seen(open(80)));
  assert.deepEqual([marks(), offloaded(flows)], [{ 22: CUT_MARK, 80: 0 }, [80]]);
});

test("whoever comes to the slow path has no flow that is offloaded, nor has whoever is on it when an agent starts", async () => {
  const { flows, track, after } = setting();
  track(80);
  flows.offload(() => true);
  await after([], LIMITED);
  assert.deepEqual(offloaded(flows), [], "the first look");
  flows.offload(() => true);
  await after([entry("delete", `inet element slow-path "${A.tap}"`), entry("create")], LIMITED);
  assert.deepEqual(offloaded(flows), [80]);
  await after([slowPath], LIMITED);
  assert.deepEqual(offloaded(flows), []);
});

test("nobody's flows are slowed by an agent that starts where nobody takes the slow path", async () => {
  const { flows, track, after } = setting();
  track(80);
  flows.offload(() => true);
  await after([], seen(open(80)));
  assert.deepEqual(offloaded(flows), [80]);
});

test("flows whose offload cannot be ended are tried again", async () => {
  const { flows, track, after, clock, settle, log } = setting();
  await after([], LIMITED);
  track(80);
  flows.offload(() => true);
  flows.fail("nft is busy");
  await after([slowPath], LIMITED);
  assert.deepEqual([offloaded(flows), log.lines.map(({ fields }) => fields["reason"])], [[80], ["nft is busy"]]);
  flows.fail();
  clock.pass(250);
  await settle();
  assert.deepEqual(offloaded(flows), []);
});
