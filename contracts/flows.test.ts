import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ip } from "#core/net/address.ts";
import { flowsContract } from "./flows.contract.ts";
import { fakeFlows } from "./flows.fake.ts";

flowsContract("fakeFlows()", () => {
  const flows = fakeFlows();
  return { flows, track: flows.track, offload: flows.offload };
});

test("the model of a table of flows fails when it is told to", async () => {
  const flows = fakeFlows();
  const [a, b] = ["10.65.0.5", "10.65.0.6"].map((ip) => ip as Ip) as [Ip, Ip];
  flows.track({ family: 4, protocol: 47, orig: { src: a, dst: b }, reply: { src: b, dst: a } });
  flows.fail("table busy");
  assert.deepEqual(await flows.remove(flows.held()), [{ state: "failed", reason: "table busy" }]);
  assert.equal(flows.held().length, 1);
});
