/** A change of the data centre goes on by itself, also with another controller. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { Store } from "#contracts/store.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import type { Report } from "#core/feed/item.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { beginRollout } from "#core/rollout/decisions.ts";
import { load } from "./present.ts";
import { rollouts } from "./rollouts.ts";
import { writer } from "./writer.ts";

const BOTH = dataCenterOf("two of everything");
const without = (name: string): DataCenter => ({ ...BOTH, gateways: BOTH.gateways.filter((gateway) => gateway.name !== name) });

async function controller(store: Store, reports: Map<string, Report>) {
  const [clock, log] = [fakeClock(), fakeLog()];
  const present = await load(store, new Cloud());
  let ids = 0;
  const fresh = () => ({
    now: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
    uuid: () => `0000000${++ids}-0000-4000-8000-000000000000`,
    below: () => 0n,
  });
  const write = writer({ store, present, fresh, clock, log });
  const said = (host: string) => (reports.has(host) ? { report: reports.get(host) } : undefined);
  const changing = rollouts({ present, writer: write, said, fresh, clock, log });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      clock.pass(Math.min(left, 100));
      for (let n = 0; n < 4; n++) await turn();
    }
  };
  const apply = async (datacenter: DataCenter) => {
    const begin = { datacenter, project: "admin", before: { absent: [], amiss: [] } };
    const begun = write.write((cloud, now) => beginRollout(cloud, begin, now));
    await pass(100);
    assert.ok((await begun).ok);
  };
  const standing = () => ({
    gateways: present.state.get("datacenter", "this")?.gateways.map(({ name }) => name),
    state: present.state.get("rollout", "this")?.state,
  });
  return { present, apply, pass, standing, stop: changing.stop };
}

function stands(reports: Map<string, Report>, revision: number): void {
  const sessions = { established: 2, down: [] };
  for (const { name } of [...BOTH.reflectors, ...BOTH.gateways, ...BOTH.hosts])
    reports.set(name, { op: "report", revision, endpoints: {}, arrived: {}, taken: {}, troubles: [], sessions });
}

test("each stage waits until agents have reported the one before it", async () => {
  const [store, reports] = [memoryStore(), new Map<string, Report>()];
  const one = await controller(store, reports);
  await one.apply(without("gw2"));
  stands(reports, one.present.revision());
  await one.apply(without("gw1"));
  await one.pass(1000);
  assert.deepEqual(one.standing(), { gateways: ["gw2", "gw1"], state: "under way" }, "reports from before it do not count");
  one.stop();

  const other = await controller(store, reports);
  const drained = () =>
    other.present.state
      .get("datacenter", "this")
      ?.gateways.filter((gateway) => gateway.drained)
      .map(({ name }) => name);
  stands(reports, other.present.revision());
  await other.pass(800);
  assert.deepEqual([other.standing().gateways, drained()], [["gw2", "gw1"], []], "what has just come to stand is not yet known to all");
  await other.pass(600);
  assert.deepEqual([other.standing().gateways, drained()], [["gw2", "gw1"], ["gw1"]], "nobody uses it any more before it goes");
  stands(reports, other.present.revision());
  await other.pass(1400);
  assert.deepEqual(other.standing(), { gateways: ["gw2"], state: "under way" });
  stands(reports, other.present.revision());
  await other.pass(1400);
  assert.deepEqual([other.standing(), drained()], [{ gateways: ["gw2"], state: "done" }, []]);
  other.stop();
});

test("what does not stand in time goes back by itself", async () => {
  const [store, reports] = [memoryStore(), new Map<string, Report>()];
  const one = await controller(store, reports);
  await one.apply(without("gw2"));
  await one.apply(without("gw1"));
  await one.pass(61_000);
  assert.deepEqual(one.standing(), { gateways: ["gw1", "gw2"], state: "going back" });
  await one.pass(181_000);
  assert.deepEqual(one.standing(), { gateways: ["gw1"], state: "gone back" });
  one.stop();
});
