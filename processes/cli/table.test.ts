import assert from "node:assert/strict";
import { test } from "node:test";
import { cellOf } from "./cells.ts";
import { table } from "./table.ts";

test("widths fit the longest line, and a cell may have several", () => {
  const text = table(
    ["id", "subnets"],
    [
      [["a"], ["one", "three"]],
      [["long"], []],
    ],
  );
  assert.equal(
    text,
    [
      "+------+---------+",
      "| id   | subnets |",
      "+------+---------+",
      "| a    | one     |",
      "|      | three   |",
      "| long |         |",
      "+------+---------+",
    ].join("\n"),
  );
});

test("without rows, the header stands between two rules", () => {
  assert.equal(table(["id"], []), ["+----+", "| id |", "+----+"].join("\n"));
});

test("what would steer the terminal is shown", () => {
  assert.match(table(["name"], [[["\u001b[2Jx\r\u202ey"]]]), /\| \\u\{1b\}\[2Jx\\u\{d\}\\u\{202e\}y \|/);
});

test("values look as Python prints them", () => {
  assert.deepEqual(cellOf(true), ["True"]);
  assert.deepEqual(cellOf(false), ["False"]);
  assert.deepEqual(cellOf(null), []);
  assert.deepEqual(cellOf([]), []);
  assert.deepEqual(cellOf(4), ["4"]);
  assert.deepEqual(cellOf(["a", "b"]), ["a", "b"]);
  assert.deepEqual(cellOf([{ end: "10.0.0.9", start: "10.0.0.2" }]), ['{"start": "10.0.0.2", "end": "10.0.0.9"}']);
  assert.deepEqual(cellOf({ b: [1, null], a: { c: true } }), ['{"b": [1, null], "a": {"c": true}}']);
});
