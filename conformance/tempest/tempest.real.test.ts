/** Tempest, OpenStack's own suite, against a controller: with its embedded identity, and with a real Keystone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { testCloud } from "../place/cloud.ts";
import type { TestCloud } from "../place/cloud.ts";
import { testHost } from "../place/host.ts";
import { keystonePrograms, testKeystone } from "../place/keystone.ts";
import { PASSED, SKIPPED } from "./expected.ts";
import { HYPERVISOR, openstackFront } from "./openstack-front.ts";
import { runTempest } from "./run.ts";
import { ACCOUNTS, setUp } from "./setup.ts";

/** Takes ten on a machine with two cores that does nothing else, and with a Keystone a minute. */
const SECONDS = 400;
/** Beside the whole suite the one way is enough: a Keystone of one's own takes its time to install, and to answer. */
const ALL = process.env["MARGAY_CONFORMANCE"] === "whole";

test("Tempest's tests of the network API pass, with tokens of the embedded identity", async (t) => {
  const cloud = await testCloud(t, ACCOUNTS);
  const { identityUrl } = await openstackFront(t, cloud.identityUrl);
  await passes(t, cloud, identityUrl);
});

test(
  "Tempest's tests of the network API pass, with tokens of a Keystone",
  { skip: !ALL && "asked for by `margay test conformance`" },
  async (t) => {
    const programs = await keystonePrograms();
    if ("missing" in programs) return t.skip(programs.missing);
    const keystone = await testKeystone(t, programs.bin, ACCOUNTS);
    const cloud = await testCloud(t, keystone);
    await keystone.offer("network", cloud.url);
    await keystone.offer("compute", (await openstackFront(t, keystone.url)).computeUrl);
    await passes(t, cloud, keystone.url);
  },
);

async function passes(t: TestContext, cloud: TestCloud, identityUrl: string): Promise<void> {
  await testHost(t, cloud, HYPERVISOR);
  const run = await runTempest(await setUp({ cloud, identityUrl }), SECONDS);
  assert.deepEqual(run.failed, [], run.output);
  assert.deepEqual([...run.skipped.keys()].toSorted(), Object.keys(SKIPPED).toSorted(), run.output);
  assert.ok(run.passed.length >= PASSED, `${run.passed.length} passed, of ${PASSED} at least\n${run.output}`);
  assert.deepEqual(cloud.errors(), [], "what the controller calls errors");
}
