/** Tempest, OpenStack's own suite, against a controller with its embedded identity. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testCloud } from "../place/cloud.ts";
import { testHost } from "../place/host.ts";
import { PASSED, SKIPPED } from "./expected.ts";
import { HYPERVISOR, openstackFront } from "./openstack-front.ts";
import { runTempest } from "./run.ts";
import { ACCOUNTS, setUp } from "./setup.ts";

/** Takes ten on a machine with two cores that does nothing else. */
const SECONDS = 240;

test("Tempest's tests of the network API pass, with tokens of the embedded identity", async (t) => {
  const cloud = await testCloud(t, ACCOUNTS);
  await testHost(t, cloud, HYPERVISOR);
  const home = await setUp(cloud, await openstackFront(t, cloud.identityUrl));
  const run = await runTempest(home, { regex: "^tempest\\.api\\.network", workers: 2, seconds: SECONDS });
  assert.deepEqual(run.failed, [], run.output);
  assert.deepEqual([...run.skipped.keys()].toSorted(), Object.keys(SKIPPED).toSorted(), run.output);
  assert.ok(run.passed.length >= PASSED, `${run.passed.length} passed, of ${PASSED} at least\n${run.output}`);
  assert.deepEqual(cloud.errors(), [], "what the controller calls errors");
  t.diagnostic(`Tempest: ${run.passed.length} passed, ${run.skipped.size} classes skipped`);
});
