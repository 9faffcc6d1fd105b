import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { lastViewContract, viewWith } from "#contracts/last-view.contract.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { lastViewFile } from "./last-view-file.ts";

const OF = { host: "h1", role: "compute", program: "0.1.0 abc" };
const KEPT = { view: viewWith("a", ["10.0.0.1"]), revision: 1 };

function place(t: TestContext) {
  const state = mkdtempSync(join(tmpdir(), "margay-last-"));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  const [log, path] = [fakeLog(), join(state, "last-view")];
  const fresh = (more: { of?: Record<string, string>; boot?: string } = {}) =>
    lastViewFile({ state, of: OF, boot: "b1", log, gather: 10, ...more });
  return { fresh, path, log };
}

/** A file with KEPT in it. */
function kept(t: TestContext) {
  const at = place(t);
  const one = at.fresh();
  one.keep(KEPT);
  one.close();
  assert.equal(at.fresh().recall().state, "whole");
  return { ...at, reason: (more = {}) => reasonIn(at.fresh(more).recall()) };
}

function reasonIn(recalled: ReturnType<ReturnType<typeof lastViewFile>["recall"]>): string {
  return recalled.state === "none" ? recalled.reason : "whole";
}

lastViewContract("lastViewFile()", (t) => place(t));

test("it is written in its own time, for its owner alone, and only the newest", async (t) => {
  const { fresh, path } = place(t);
  const one = fresh();
  for (let revision = 1; revision <= 50; revision++) one.keep({ ...KEPT, revision });
  assert.equal(existsSync(path), false);
  assert.equal(existsSync(`${path}.behind`), true);
  for (const deadline = Date.now() + 5000; existsSync(`${path}.behind`); await pause(5)) assert.ok(Date.now() < deadline);
  const recalled = one.recall();
  assert.equal(recalled.state === "whole" && recalled.revision, 50);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("what is damaged anywhere is refused whole", (t) => {
  const { path, reason } = kept(t);
  const text = readFileSync(path, "utf8");
  for (let at = 0; at < text.length - 1; at += 7) {
    writeFileSync(path, `${text.slice(0, at)}${text[at] === "x" ? "y" : "x"}${text.slice(at + 1)}`);
    assert.match(reason(), /damaged|another/, `character ${at}`);
  }
  for (const length of [0, 10, text.length - 2]) {
    writeFileSync(path, text);
    truncateSync(path, length);
    assert.match(reason(), /damaged/, `${length} characters`);
  }
});

test("what another machine, role or program kept is refused, and what is too old", (t) => {
  const { fresh, path, reason } = kept(t);
  assert.match(reason({ of: { ...OF, host: "h2" } }), /of another host: h1, not h2/);
  assert.match(reason({ of: { ...OF, program: "0.2.0 abc" } }), /of another program: 0\.1\.0 abc, not 0\.2\.0 abc/);
  assert.match(reason({ of: { ...OF, more: "x" } }), /of another more: none, not x/);
  const week = Date.now() / 1000 - 7 * 24 * 3600 - 1;
  utimesSync(path, week, week);
  assert.match(reason(), /older than a week/);
  fresh().confirm();
  assert.equal(reason(), "whole");
});

test("where the host may be newer than the file it is refused, until the machine has booted anew", (t) => {
  const { fresh, path, reason } = kept(t);
  // This one is killed before it writes.
  fresh().keep({ ...KEPT, revision: 2 });
  assert.match(reason(), /older than what is on the host/);
  assert.equal(reason({ boot: "b2" }), "whole");
  assert.equal(existsSync(path), true);
});

test("a disk that takes nothing is told, and stops nobody", async (t) => {
  const { fresh, path, log } = place(t);
  const one = fresh();
  one.keep(KEPT);
  rmSync(`${path}.behind`);
  rmSync(join(path, ".."), { recursive: true });
  for (const deadline = Date.now() + 5000; log.lines.length === 0; await pause(5)) assert.ok(Date.now() < deadline);
  assert.match(JSON.stringify(log.lines[0]), /the last view was not kept.*ENOENT/);
  one.keep({ ...KEPT, revision: 2 });
  one.confirm();
  one.close();
});
