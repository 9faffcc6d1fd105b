import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { processOf } from "#adapters/linux/process.ts";
import type { Lab } from "../place.ts";
import { takeTurn } from "./turn.ts";

function labIn(t: TestContext): Lab {
  const directory = mkdtempSync(join(tmpdir(), "turn-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return { name: "turn", directory };
}

test("one that came to its end leaves nothing to the next", (t) => {
  const lab = labIn(t);
  const first = takeTurn(lab);
  assert.equal(first.afterCrash, false);
  first.end();
  assert.equal(takeTurn(lab).afterCrash, false);
});

test("while one verifies, another is told by whom", (t) => {
  const lab = labIn(t);
  takeTurn(lab);
  assert.throws(() => takeTurn(lab), new RegExp(`"turn" is being verified by process ${process.pid}`));
});

test("one that was killed is known, also where its record was cut short", (t) => {
  const lab = labIn(t);
  for (const left of [JSON.stringify({ ...processOf(process.pid), startTime: "1" }), ""]) {
    writeFileSync(join(lab.directory, "verify.json"), left);
    const next = takeTurn(lab);
    assert.equal(next.afterCrash, true);
    assert.throws(() => takeTurn(lab), /is being verified/);
    next.end();
  }
});
