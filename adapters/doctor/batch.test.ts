import assert from "node:assert/strict";
import { test } from "node:test";
import { programs } from "../programs/programs.ts";
import { batch } from "./batch.ts";

test("each program's status and words are its own, whatever the others do", async () => {
  const results = await batch(programs(), [
    ["printf", "%s", "no line's end"],
    ["sh", "-c", "echo out; echo err >&2; exit 3"],
    ["/nowhere/program"],
    ["echo", "it's", "quoted $HOME"],
  ]);
  assert.deepEqual(
    results.map(({ code, stdout }) => [code, stdout]),
    [
      [0, "no line's end"],
      [3, "out\n"],
      [127, ""],
      [0, "it's quoted $HOME\n"],
    ],
  );
  assert.equal(results[1]?.stderr, "err\n");
  assert.match(results[2]?.stderr ?? "", /No such file/);
  assert.equal(results[3]?.stderr, "");
});

test("nothing is taken for done when the shell cannot be started; what takes too long is ended, and the others are run", async () => {
  const nowhere = await batch(programs({ under: ["/nowhere/sh"] }), [["true"]]);
  assert.deepEqual([nowhere[0]?.code, /ENOENT/.test(nowhere[0]?.stderr ?? "")], [127, true]);
  const [first, second, third] = await batch(
    programs(),
    [
      ["echo", "1"],
      ["sleep", "5"],
      ["echo", "2"],
    ],
    0.2,
  );
  assert.deepEqual([first?.stdout, second?.code, third?.stdout], ["1\n", 124, "2\n"]);
  assert.deepEqual(await batch(programs(), []), []);
});
