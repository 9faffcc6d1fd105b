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
import type { Said } from "#core/feed/item.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { api } from "#engine/api.ts";
import { load } from "#engine/present.ts";
import { rollouts } from "#engine/rollouts.ts";
import { writer } from "#engine/writer.ts";
import type { Ip } from "#core/net/address.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { countText, differenceText, retiringText } from "./apply-text.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const GUIDE = readFileSync(fileURLToPath(new URL("../../examples/guide.yaml", import.meta.url)), "utf8");

const NOBODY: Said = () => undefined;

/** A controller, and its address. */
async function controller(t: TestContext, said = NOBODY): Promise<{ readonly url: string; readonly cloud: Cloud }> {
  const [clock, store, log] = [systemClock(), memoryStore(), fakeLog()];
  const present = await load(store, new Cloud());
  const fresh = () => systemFresh(clock);
  const write = writer({ store, present, fresh, clock, log });
  const changing = rollouts({ present, writer: write, said, fresh, clock, log });
  t.after(() => changing.stop());
  const parts = { "v2.0": answer, "margay/v1": answerMargay(said) };
  const handle = api({ cloud: present.state, writer: write, identity: trusting(), clock, now: () => timeOf(clock), parts });
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

/** Agents that have done whatever they were told. */
const WILLING: Said = () => ({
  report: {
    op: "report",
    revision: Number.MAX_SAFE_INTEGER,
    endpoints: {},
    arrived: {},
    taken: {},
    troubles: [],
    sessions: { established: 1, down: [] },
  },
});

test("what is new stands beside what is there before that goes, and what is not good goes back", { timeout: 60_000 }, async (t) => {
  const { url, cloud } = await controller(t, WILLING);
  const first = file(t, GUIDE);
  assert.equal((await margay("apply", first, "--yes", "--url", url)).status, 0);
  const replaced = GUIDE.replace("name: gw1", "name: gw9")
    .replaceAll("192.168.100.1,", "192.168.100.9,")
    .replace("ipv4: 192.168.100.1\n", "ipv4: 192.168.100.9\n")
    .replace("ipv6: 2001:db8:a41:f::1\n", "ipv6: 2001:db8:a41:f::9\n")
    .replace("198.51.100.2/", "198.51.100.3/")
    .replace("2001:db8:ffff::2/", "2001:db8:ffff::3/")
    .replace(/pnat: .*/, "pnat: 198.51.100.12-198.51.100.13");
  const gateways = () => cloud.get("datacenter", "this")?.gateways.map(({ name }) => name);

  const bad = await margay("apply", file(t, replaced), "--yes", "--confirm", "30", "--verify", "exit 7", "--url", url);
  assert.equal(bad.status, 4, bad.err);
  assert.match(bad.out, /^create session gw9 – rr1 \(iBGP\)$/m);
  assert.match(bad.out, /^delete gateway gw1$/m);
  assert.match(bad.out, /^in steps: /m);
  assert.match(bad.out, /^that ended with 7: it goes back$/m);
  assert.deepEqual(gateways(), ["gw1"]);

  const good = await margay("apply", file(t, replaced), "--yes", "--confirm", "30", "--verify", "true", "--url", url);
  assert.equal(good.status, 0, good.err);
  assert.match(good.out, /confirmed\ndone\ndone\n$/);
  assert.deepEqual(gateways(), ["gw9"]);

  const open = await margay("apply", first, "--yes", "--confirm", "30", "--url", url);
  assert.equal(open.status, 0, open.err);
  assert.match(open.out, /unless `margay rollout confirm` says that it is good, it goes back at 20/);
  assert.match((await margay("rollout", "--url", url)).out, /^it stands; unless /);
  assert.equal((await margay("rollout", "confirm", "--url", url)).out, "done\n");
  assert.match((await margay("rollout", "back", "--url", url)).err, /none is under way/);
  assert.deepEqual(gateways(), ["gw1"]);
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

test("who has yet to move is named, so many; and that nobody has", () => {
  const [cidr, ip] = ["10.65.0.0/16" as Cidr, "10.65.0.9" as Ip];
  const holders = [
    { port: "p1", ip, device: "vm1", host: "h1" },
    { port: "p2", ip, device: "", host: "" },
  ];
  const subnet = "internal4-retiring";
  assert.equal(
    retiringText([
      { subnet, cidr, ports: 3, holders },
      { subnet, cidr, ports: 1, holders: holders.slice(1) },
      { subnet, cidr, ports: 0, holders: [] },
    ]),
    `internal4-retiring 10.65.0.0/16: 3 ports have an address of it
    10.65.0.9: port p1 of vm1 on h1
    10.65.0.9: port p2
    and 1 more
internal4-retiring 10.65.0.0/16: 1 port has an address of it
    10.65.0.9: port p2
internal4-retiring 10.65.0.0/16: nobody has an address of it; it may be left out of ranges.retiring
`,
  );
});
