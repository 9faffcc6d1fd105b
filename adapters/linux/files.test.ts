import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { driverContract } from "#contracts/driver.contract.ts";
import { DONE } from "#contracts/driver.ts";
import { file } from "#core/kinds/file.ts";
import type { File } from "#core/kinds/file.ts";
import { linuxFiles } from "./files.ts";

function stateDirectory(t: TestContext): string {
  const state = mkdtempSync(join(tmpdir(), "margay-files-"));
  t.after(() => rmSync(state, { recursive: true }));
  return state;
}

driverContract<File>("linuxFiles()", (t) => {
  const state = stateDirectory(t);
  writeFileSync(join(state, "view.json"), "{}");
  mkdirSync(join(state, "log"));
  writeFileSync(join(state, "log", "bird.log"), "");
  const one = { path: "bird/bird.conf", content: "router id 10.0.0.1;\n" };
  const impossible = {
    value: { path: "bird/../view.json", content: "" },
    reason: /bird\/\.\.\/view\.json lies in none of bird, dnsmasq/,
  };
  const fresh = () => linuxFiles({ state, owned: ["bird", "dnsmasq"] });
  return { kind: file, fresh, one, other: { path: "dnsmasq/hosts/8f", content: "é\n" }, changed: { ...one, content: "" }, impossible };
});

test("whatever lies in a directory of ours and is not wanted can be told, half-written files too", async (t) => {
  const state = stateDirectory(t);
  mkdirSync(join(state, "bird", "more"), { recursive: true });
  writeFileSync(join(state, "bird", ".bird.conf.new"), "half");
  writeFileSync(join(state, "bird", "more", "old.conf"), "old");
  const driver = linuxFiles({ state, owned: ["bird"] });
  const held = await driver.list([]);
  assert.deepEqual(held.map(({ path }) => path).toSorted(), ["bird/.bird.conf.new", "bird/more/old.conf"]);
  assert.deepEqual(await driver.apply(held.map((have) => ({ op: "delete", ref: `file/${have.path}`, have }))), [DONE, DONE]);
  assert.deepEqual(await driver.list([]), []);
});

test("nothing is left beside a file that was written", async (t) => {
  const state = stateDirectory(t);
  await linuxFiles({ state, owned: ["bird"] }).apply([
    { op: "create", ref: "file/bird/bird.conf", want: { path: "bird/bird.conf", content: "text" } },
  ]);
  assert.deepEqual(readdirSync(join(state, "bird")), ["bird.conf"]);
  assert.equal(readFileSync(join(state, "bird", "bird.conf"), "utf8"), "text");
});
