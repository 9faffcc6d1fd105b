/** Flows of a kernel that lets go of offloaded ones all together, as Linux does, in whichever order it is asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flowsContract } from "#contracts/flows.contract.ts";
import { fakeFlows } from "#contracts/flows.fake.ts";
import type { Flow } from "#contracts/flows.ts";
import { DONE } from "#contracts/driver.ts";
import { CUT_MARK } from "#core/intent/policy.ts";
import type { Ip } from "#core/net/address.ts";
import type { FlowTable } from "../netlink/flows.ts";
import { offloadedFlows } from "./offloaded-flows.ts";

/** `asked`: what the kernel was asked, in its order; `lets`: after how many looks a flow is out of a flowtable that is gone. */
function kernel({ lets = 0 } = {}) {
  const [flows, fast, asked] = [fakeFlows(), new Set<number>(), [] as string[]];
  let leaving: { left: number } | undefined;
  const state = { trouble: undefined as string | undefined };
  const seen = (flow: Flow): Flow => (fast.has(flow.id) ? { ...flow, offloaded: true } : flow);
  const shown = (all: readonly Flow[]) => all.map(({ orig }) => orig.dport).join(" ");
  const table: FlowTable = {
    list: async (addresses) => (await flows.list(addresses)).map(seen),
    now: async (all) => {
      if (leaving !== undefined && leaving.left-- <= 0) fast.clear();
      const held = new Map(flows.held().map((flow) => [flow.id, seen(flow)]));
      return all.map(({ id }) => held.get(id));
    },
    mark: (all, mark) => (asked.push(`mark ${shown(all)}`), flows.mark(all, mark)),
    remove: async (all) => {
      asked.push(`remove ${shown(all)}`);
      const outcomes = await flows.remove(all.filter(({ id }) => !fast.has(id)));
      let at = 0;
      return all.map(({ id }) => (fast.has(id) ? { state: "failed", reason: "Device or resource busy" } : (outcomes[at++] ?? DONE)));
    },
  };
  const end = async () => {
    asked.push("end");
    if (state.trouble !== undefined) throw new Error(state.trouble);
    if (lets === 0) fast.clear();
    else leaving = { left: lets };
  };
  const offload = (which: (flow: Flow) => boolean) =>
    flows
      .held()
      .filter(which)
      .forEach(({ id }) => fast.add(id));
  return { flows: offloadedFlows(table, end), held: flows, asked, offload, state };
}

flowsContract("offloadedFlows()", () => {
  const { flows, held, offload } = kernel();
  return { flows, track: held.track, offload };
});

const [A, B] = ["10.65.0.5", "10.65.0.6"] as [Ip, Ip];

async function tracked(setting: ReturnType<typeof kernel>, ...ports: readonly number[]): Promise<readonly Flow[]> {
  for (const dport of ports) {
    const [orig, reply] = [
      { src: A, dst: B, sport: 1000, dport },
      { src: B, dst: A, sport: dport, dport: 1000 },
    ];
    setting.held.track({ family: 4, protocol: 6, orig, reply });
  }
  return setting.flows.list("all");
}

test("nothing is made anew for flows that are not offloaded, whatever becomes of them", async () => {
  const setting = kernel();
  const all = await tracked(setting, 22, 80);
  await setting.flows.mark(all, CUT_MARK);
  await setting.flows.remove(all);
  await setting.flows.slow("all");
  assert.deepEqual(setting.asked, ["mark 22 80", "remove 22 80"]);
});

test("a flow that was offloaded after it was listed is cut even so", async () => {
  const setting = kernel();
  const all = await tracked(setting, 22);
  setting.offload(() => true);
  assert.deepEqual(await setting.flows.mark(all, CUT_MARK), [DONE]);
  assert.deepEqual(setting.asked, ["mark 22", "end"]);
});

test("one that is removed is marked first, so that it is not offloaded again, and waited for until the kernel lets go of it", async () => {
  const setting = kernel({ lets: 3 });
  const all = await tracked(setting, 22, 80);
  setting.offload(({ orig }) => orig.dport === 22);
  assert.deepEqual(await setting.flows.remove(all), [DONE, DONE]);
  assert.deepEqual(setting.asked, ["mark 22", "end", "remove 22 80"]);
});

test("what cannot be ended is told of exactly those whom it keeps from being cut", async () => {
  const setting = kernel();
  const all = await tracked(setting, 22, 80);
  setting.offload(({ orig }) => orig.dport === 22);
  setting.state.trouble = "nft is busy";
  const failed = { state: "failed", reason: "nft is busy" };
  assert.deepEqual(await setting.flows.mark(all, CUT_MARK), [failed, DONE]);
  assert.deepEqual(await setting.flows.remove(all), [failed, DONE]);
  await assert.rejects(setting.flows.slow("all"), /nft is busy/);
  setting.held.fail("table busy");
  assert.deepEqual(await setting.flows.mark(all, CUT_MARK), [
    { state: "failed", reason: "table busy" },
    { state: "failed", reason: "table busy" },
  ]);
});

test("a flow that stays offloaded is not removed, and said so", { timeout: 20_000 }, async () => {
  const setting = kernel({ lets: 1_000_000 });
  const all = await tracked(setting, 22, 80);
  setting.offload(({ orig }) => orig.dport === 22);
  assert.deepEqual(await setting.flows.remove(all), [{ state: "failed", reason: "Device or resource busy" }, DONE]);
});
