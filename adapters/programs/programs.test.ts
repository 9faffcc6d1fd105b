import assert from "node:assert/strict";
import { test } from "node:test";
import { output, programs, wordsOf } from "./programs.ts";

const run = programs();

test("a program gets its input, and its output, words and exit status come back", async () => {
  assert.deepEqual(await run(["sh", "-c", "cat; echo no >&2; exit 3"], "yes\n"), { code: 3, stdout: "yes\n", stderr: "no\n" });
});

test("a program that cannot be started says so", async () => {
  const result = await run(["margay-no-such-program"], "input");
  assert.equal(result.code, 127);
  assert.match(wordsOf(result), /margay-no-such-program ENOENT/);
});

test("a program that takes too long is ended", async () => {
  const result = await programs({ limitMs: 50 })(["sleep", "30"]);
  assert.equal(result.code, 124);
  assert.match(result.stderr, /sleep took longer than 50 ms/);
});

test("a program that does not read a long input is no trouble", async () => {
  assert.equal((await run(["true"], "x".repeat(1_000_000))).code, 0);
});

test("words put before the program are", async () => {
  assert.equal((await programs({ under: ["env", "A=1"] })(["sh", "-c", "echo $A"])).stdout, "1\n");
});

test("output() throws the program's own words", async () => {
  assert.equal(await output(run, ["echo", "a"]), "a\n");
  await assert.rejects(output(run, ["sh", "-c", "echo it is broken >&2; exit 1"]), /: it is broken$/);
  await assert.rejects(output(run, ["sh", "-c", "exit 4"]), /: exit status 4$/);
});
