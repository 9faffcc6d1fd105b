import assert from "node:assert/strict";
import { test } from "node:test";
import { readYaml } from "./document.ts";

function problems(text: string): readonly string[] {
  return readYaml(text).problems.map(({ line, message }) => `${line}: ${message}`);
}

test("every place has its line: of its key, of its item, or of what is around it", () => {
  const { value, lineOf } = readYaml("# first\na:\n  b: 1\n  c: [x,\n    y]\nhosts:\n  - name: h1\n    ip: 10.0.0.1\n  - { name: h2 }\n");
  assert.deepEqual(value, { a: { b: 1, c: ["x", "y"] }, hosts: [{ name: "h1", ip: "10.0.0.1" }, { name: "h2" }] });
  for (const [path, line] of [
    [["a"], 2],
    [["a", "b"], 3],
    [["a", "c", 1], 5],
    [["hosts", 0, "ip"], 8],
    [["hosts", 1, "name"], 9],
    [["hosts", 1, "ip"], 9],
    [["hosts", 7], 6],
    [["nowhere", "at", "all"], 2],
  ] as const)
    assert.equal(lineOf(path), line, path.join("."));
});

test("an alias has the line of what it stands for", () => {
  const { value, lineOf } = readYaml("one: &it\n  name: a\ntwo: *it\n");
  assert.deepEqual(value, { one: { name: "a" }, two: { name: "a" } });
  assert.equal(lineOf(["two", "name"]), 2);
});

test("what is not YAML is said with its line, all at once", () => {
  assert.deepEqual(problems("a: 1\nb: 2\na: 3\n"), ["3: not YAML: Map keys must be unique"]);
  assert.deepEqual(problems("a: !yes 1\n"), ["1: not YAML: Unresolved tag: !yes"]);
  assert.deepEqual(problems("a: 1\n---\nb: 2\n").length, 1);
  assert.deepEqual(problems("a: [1\nb: }\n").length > 1, true);
  assert.match(problems("a: b: c\n").join(), /^1: not YAML: /);
});

test("a document that only grows by its anchors is refused", () => {
  const bomb = "abcdefgh".split("").reduce(
    (text, key, at, keys) =>
      `${text}${key}: &${key} [${Array(9)
        .fill(at === 0 ? "x" : `*${keys[at - 1]}`)
        .join(",")}]\n`,
    "",
  );
  assert.deepEqual(problems(bomb), ["1: not YAML: Excessive alias count indicates a resource exhaustion attack"]);
});

test("an alias of itself, no text at all and odd keys end in a value or a problem", () => {
  assert.deepEqual(problems("a: &a [*a]\n"), []);
  assert.equal(readYaml("").value, null);
  assert.deepEqual(readYaml("1: x\n").value, { 1: "x" });
  assert.equal(problems("? [a]\n: 1\n").length, 1);
  assert.deepEqual(Object.keys(readYaml("__proto__: {x: 1}\n").value as object), ["__proto__"]);
});
