import assert from "node:assert/strict";
import { test } from "node:test";
import { digest } from "./digest.ts";

test("digest() is sixteen hex digits, and differs for texts that differ in one character", () => {
  const seen = new Map<string, string>();
  for (let at = 0; at < 20_000; at++) {
    const text = `ip saddr 10.65.${at >> 8}.${at & 255} accept`;
    const name = digest(text);
    assert.match(name, /^[0-9a-f]{16}$/);
    assert.equal(seen.get(name), undefined, text);
    seen.set(name, text);
  }
});

test("digest() depends on order", () => {
  assert.notEqual(digest("ab"), digest("ba"));
  assert.notEqual(digest(""), digest("\0"));
});
