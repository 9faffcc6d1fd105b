/** What is remembered of daemons, by whoever reads it. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Daemon } from "#core/kinds/daemon.ts";
import { runRecords } from "./run-record.ts";
import type { RunRecord } from "./run-record.ts";

const daemon = (loaded: string): Daemon => ({
  name: "one",
  argv: ["one"],
  startedWith: "",
  loaded,
  reload: { signal: "SIGHUP" },
  after: [],
});
const record = (loaded: string): RunRecord => ({ process: { pid: 7, startTime: "1", bootId: "b" }, daemon: daemon(loaded) });

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "margay-records-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("the last record counts, for whoever wrote it and for whoever comes anew", async (t) => {
  const directory = place(t);
  const ours = runRecords(directory);
  for (const loaded of ["a", "b", "c"]) {
    await ours.write(record(loaded));
    for (const each of [ours, runRecords(directory)]) assert.deepEqual([each.of("one"), each.all()], [record(loaded), [record(loaded)]]);
  }
  ours.remove("one");
  for (const each of [ours, runRecords(directory)]) assert.deepEqual([each.of("one"), each.all()], [undefined, []]);
});

test("a record that was not written to its end counts for nothing, and the next one is read", async (t) => {
  const directory = place(t);
  const file = join(directory, "one.run.json");
  await runRecords(directory).write(record("a"));
  appendFileSync(file, `\n${JSON.stringify(record("half")).slice(0, 40)}`);
  assert.deepEqual(runRecords(directory).of("one"), record("a"));
  await runRecords(directory).write(record("b"));
  assert.deepEqual(runRecords(directory).of("one"), record("b"));
  writeFileSync(file, "{");
  assert.equal(runRecords(directory).of("one"), undefined);
});

test("the file does not grow without end", async (t) => {
  const directory = place(t);
  const [records, long] = [runRecords(directory), "x".repeat(100_000)];
  const file = join(directory, "one.run.json");
  let most = 0;
  for (let at = 0; at < 40; at++) {
    await records.write(record(`${long}${at}`));
    most = Math.max(most, statSync(file).size);
    assert.deepEqual(runRecords(directory).of("one"), record(`${long}${at}`));
  }
  assert.ok(most < 1.3e6, `${most}`);
  assert.ok(readFileSync(file, "utf8").length < 1.3e6);
});
