import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cpio } from "./cpio.ts";

test("others unpack what was packed, with its permissions, whatever its length", (t) => {
  const place = mkdtempSync(join(tmpdir(), "margay-cpio-"));
  t.after(() => rmSync(place, { recursive: true }));
  const texts = ["", "a", "ab", "abc", "abcd"];
  const files = texts.map((content, at) => ({ path: `bin/${at}${"x".repeat(at)}`, content, mode: 0o640 }));
  const archive = cpio([{ path: "bin" }, ...files, { path: "init", content: "#!/bin/sh\n" }]);
  const { status, stderr } = spawnSync("busybox", ["cpio", "-i", "-d"], { cwd: place, input: archive });
  assert.equal(status, 0, stderr.toString());
  for (const { path, content } of files) {
    assert.equal(readFileSync(join(place, path), "utf8"), content);
    assert.equal(statSync(join(place, path)).mode & 0o777, 0o640);
  }
  assert.equal(statSync(join(place, "init")).mode & 0o777, 0o755);
});
