import assert from "node:assert/strict";
import { test } from "node:test";
import { programContract } from "#contracts/program.contract.ts";
import { output, programs, wordsOf } from "./programs.ts";

programContract("programs()", (_, limitMs) => programs({ limitMs }));

test("words put before the program are", async () => {
  assert.equal((await programs({ under: ["env", "A=1"] })(["sh", "-c", "echo $A"])).stdout, "1\n");
});

test("output() throws the program's own words", async () => {
  const run = programs();
  assert.equal(await output(run, ["echo", "a"]), "a\n");
  await assert.rejects(output(run, ["sh", "-c", "echo it is broken >&2; exit 1"]), /: it is broken$/);
  await assert.rejects(output(run, ["sh", "-c", "exit 4"]), /: exit status 4$/);
  assert.equal(wordsOf({ code: 1, stdout: " a \n b", stderr: "\n" }), "a; b");
});
