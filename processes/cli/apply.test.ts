import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { systemFresh, timeOf } from "#adapters/clock/fresh.ts";
import { systemClock } from "#adapters/clock/system.ts";
import { serve } from "#adapters/http/server.ts";
import { trusting } from "#adapters/identity/local.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import { answerMargay } from "#core/rollout/api.ts";
import { answer } from "#core/neutron/api.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { api } from "#engine/api.ts";
import { load } from "#engine/present.ts";
import { writer } from "#engine/writer.ts";
import { countText, differenceText } from "./apply-text.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const GUIDE = readFileSync(fileURLToPath(new URL("../../examples/guide.yaml", import.meta.url)), "utf8");

/** A controller without agents, and its address. */
async function controller(t: TestContext): Promise<{ readonly url: string; readonly cloud: Cloud }> {
  const [clock, store, log] = [systemClock(), memoryStore(), fakeLog()];
  const present = await load(store, new Cloud());
  const write = writer({ store, present, fresh: () => systemFresh(clock), clock, log });
  const parts = { "v2.0": answer, "margay/v1": answerMargay(() => undefined) };
  const handle = api({ cloud: present.state, writer: write, identity: trusting(), now: () => timeOf(clock), parts });
  const served = await serve({ listen: [{ host: "127.0.0.1", port: 0 }], handle, log });
  t.after(async () => {
    await served.close();
    present.stop();
    await store.close();
  });
  return { url: served.addresses[0] ?? "", cloud: present.state };
}

function file(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "mg-apply-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "dc.yaml");
  writeFileSync(path, text);
  return path;
}

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function margay(...words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...words], { timeout: 20_000 }, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end();
  });
}

test("the file is shown against the cloud, applied, and then there is nothing to change", async (t) => {
  const { url, cloud } = await controller(t);
  const path = file(t, GUIDE);

  const shown = await margay("apply", path, "--url", url);
  assert.equal(shown.status, 3, shown.err);
  assert.match(shown.out, /^create subnet external4\n {4}name: external4\n {4}cidr: 172\.18\.208\.0\/24\n/m);
  assert.match(shown.out, /^change quota default\n {4}network: 100 → 0\n/m);
  assert.match(shown.out, /^7 to create, 1 to change\n$/m);
  assert.match(shown.err, /nothing has been changed; confirm with --yes/);
  assert.equal([...cloud.all("network")].length, 0);

  const done = await margay("apply", path, "--yes", "--url", url);
  assert.equal(done.status, 0, done.err);
  assert.equal(done.out, `${shown.out}done\n`);
  assert.deepEqual([...cloud.all("network")].map(({ name }) => name).toSorted(), ["external", "internal"]);

  assert.deepEqual(await margay("apply", path, "--url", url), { status: 0, out: "nothing to change\n", err: "" });
});

test("a wrong file is refused with its lines, and nobody is asked", async (t) => {
  const path = file(t, GUIDE.replace("asn: 64512", "asn: none"));
  const ended = await margay("apply", path, "--yes", "--url", "http://127.0.0.1:9");
  assert.equal(ended.status, 2);
  assert.match(ended.err, new RegExp(`^${path}:11: fabric\\.asn none: `));
});

test("what the controller refuses is told in its words", async (t) => {
  const { url } = await controller(t);
  const body = JSON.stringify({ network: { name: "external", shared: true } });
  assert.equal((await fetch(`${url}/v2.0/networks`, { method: "POST", body })).status, 201);
  const ended = await margay("apply", file(t, GUIDE), "--yes", "--url", url);
  assert.equal(ended.status, 1);
  assert.match(ended.err, /409 Conflict: Cannot make the network external: network \S+ of project \S+ has that name/);
});

test("without a controller it says where it looked", async (t) => {
  const ended = await margay("apply", file(t, GUIDE), "--url", "http://127.0.0.1:9");
  assert.equal(ended.status, 1);
  assert.match(ended.err, /^Nothing answers at http:\/\/127\.0\.0\.1:9 /);
});

test("values are shown as people write them", () => {
  const pools = [{ start: "10.0.0.2", end: "10.0.0.9" }];
  const details = [
    { attribute: "allocation_pools", old: pools, new: [] },
    { attribute: "shared", old: false, new: true },
    { attribute: "hosts[1].name", new: "h2" },
    { attribute: "hosts[2].name", old: "h3" },
  ];
  assert.equal(
    differenceText([{ object: "subnet", name: "internal4", action: "change", details }]),
    [
      "change subnet internal4",
      "    allocation_pools: 10.0.0.2-10.0.0.9 → (none)",
      "    shared: False → True",
      "    hosts[1].name: h2",
      "    hosts[2].name: h3 → (none)",
      "",
    ].join("\n"),
  );
  assert.equal(countText([{ object: "subnet", name: "internal4", action: "delete", details: [] }]), "1 to delete");
});
