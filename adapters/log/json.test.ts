import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonLog } from "./json.ts";

test("a line is an object: when, how grave, who, what, and the fields", () => {
  const lines: string[] = [];
  const log = jsonLog("controller", { write: (line) => lines.push(line) });
  log.warn("an agent left", { host: "h1", error: new Error("ECONNRESET") });
  const line = JSON.parse(lines[0] ?? "");
  assert.match(line.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(
    { level: line.level, name: line.name, msg: line.msg, host: line.host },
    { level: "warn", name: "controller", msg: "an agent left", host: "h1" },
  );
  assert.equal(line.error.message, "ECONNRESET");
});
