import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sqliteStore } from "./sqlite.ts";

const LIVES = 25;

test(
  "a controller that is killed at any moment has lost nothing that it had answered, and left nothing half done",
  { timeout: 120_000 },
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "margay-store-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const path = join(directory, "margay.db");
    let total = 0;
    for (let life = 0; life < LIVES; life += 1) {
      const answered = await killedWhileCommitting(path);
      const held = await countIn(path);
      assert.ok(held === answered || held === answered + 1, `answered ${answered}, the store holds ${held}`);
      assert.ok(answered > total);
      total = held;
    }
    t.diagnostic(`${total} commits in ${LIVES} lives`);
  },
);

/** Lets a process commit for a moment of chance, kills it, and says which was the last commit that it answered. */
async function killedWhileCommitting(path: string): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "committing.real.ts"), path], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  await once(child.stdout, "data");
  setTimeout(() => child.kill("SIGKILL"), Math.random() * 60);
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL");
  return Number(printed.split("\n").at(-2));
}

/** The number of the last commit, once it is certain that all rows come from that one commit. */
async function countIn(path: string): Promise<number> {
  const store = sqliteStore({ path, remembers: 50 });
  try {
    const { revision, entries } = await store.range("");
    assert.deepEqual(new Set(entries.map((entry) => entry.revision)), new Set([revision]));
    const numbers = new Set(entries.map((entry) => Number(entry.value.split(" ")[0])));
    assert.equal(numbers.size, 1);
    return [...numbers][0] ?? 0;
  } finally {
    await store.close();
  }
}
