/** What every way to run programs keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { RunProgram } from "./program.ts";

/** `open` gives one that ends programs after `limitMs`. */
export function programContract(name: string, open: (t: TestContext, limitMs: number) => RunProgram): void {
  describe(`${name} runs programs:`, () => {
    test("a program gets its input, and its output, words and exit status come back", async (t) => {
      const run = open(t, 30_000);
      assert.deepEqual(await run(["sh", "-c", "cat; echo no >&2; exit 3"], "yes\n"), { code: 3, stdout: "yes\n", stderr: "no\n" });
      assert.deepEqual(await run(["cat"]), { code: 0, stdout: "", stderr: "" });
    });

    test("words reach the program as they are", async (t) => {
      const words = ["it's", '"quoted"', "$HOME `x` \\ ; & | > *", "", "é", "two\nlines"];
      assert.equal((await open(t, 30_000)(["printf", "%s|", ...words])).stdout, `${words.join("|")}|`);
    });

    test("a program may open its input anew by name", async (t) => {
      const result = await open(t, 30_000)(["sh", "-c", "cat | cat /dev/stdin"], "input");
      assert.equal(result.stdout, "input");
    });

    test("long inputs and outputs arrive whole", async (t) => {
      const text = "0123456789abcde\n".repeat(100_000);
      assert.ok((await open(t, 30_000)(["cat"], text)).stdout === text);
    });

    test("programs that are asked for at once each get their own answer", async (t) => {
      const run = open(t, 30_000);
      const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => run(["sh", "-c", `cat; exit ${at}`], `input ${at}`)));
      assert.deepEqual(
        answers.map(({ code, stdout }) => [code, stdout]),
        Array.from({ length: 12 }, (_, at) => [at, `input ${at}`]),
      );
    });

    test("a program that cannot be started says so, and does no harm to the next", async (t) => {
      const run = open(t, 30_000);
      const result = await run(["margay-no-such-program"], "input");
      assert.equal(result.code, 127);
      assert.match(result.stderr, /margay-no-such-program/);
      assert.equal((await run(["echo", "next"])).stdout, "next\n");
    });

    test("a program that takes too long is ended, and does no harm to the next", async (t) => {
      const run = open(t, 100);
      const result = await run(["sleep", "30"]);
      assert.equal(result.code, 124);
      assert.match(result.stderr, /sleep took longer than 100 ms/);
      assert.equal((await run(["echo", "next"])).stdout, "next\n");
    });

    test("a program that does not read a long input is no trouble", async (t) => {
      assert.equal((await open(t, 30_000)(["true"], "x".repeat(1_000_000))).code, 0);
    });

    test("programs speak English", async (t) => {
      assert.match((await open(t, 30_000)(["cat", "/no/such/file"])).stderr, /No such file or directory/);
    });
  });
}
