import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipOf } from "../net/address.ts";
import { meet, readSpan, showSpan, spanSize, without } from "./span.ts";
import type { Span } from "./span.ts";

const spans = fc.tuple(fc.nat(300), fc.nat(300)).map(([a, b]): Span => ({ start: at(Math.min(a, b)), end: at(Math.max(a, b)) }));

function at(offset: number) {
  return ipOf(4, 0x0a000000n + BigInt(offset));
}

test("a span is two addresses of one family in order, or one", () => {
  assert.deepEqual(readSpan("10.0.0.1-10.0.0.9"), { start: "10.0.0.1", end: "10.0.0.9" });
  assert.deepEqual(readSpan("10.0.0.1 - 10.0.0.9"), { start: "10.0.0.1", end: "10.0.0.9" });
  assert.deepEqual(readSpan("2001:db8::1"), { start: "2001:db8::1", end: "2001:db8::1" });
  for (const text of [
    "",
    "-",
    "10.0.0.1-",
    "-10.0.0.1",
    "10.0.0.2-10.0.0.1",
    "10.0.0.1-::1",
    "10.0.0.1-10.0.0.2-10.0.0.3",
    "10.0.0.1-10.0.0.2-",
  ])
    assert.equal(readSpan(text), undefined, text);
});

test("what is shown is read again", () => {
  fc.assert(fc.property(spans, (span) => assert.deepEqual(readSpan(showSpan(span)), span)));
});

test("cutting a hole leaves what is in the span and not in the hole", () => {
  fc.assert(
    fc.property(spans, spans, fc.nat(300), (span, hole, offset) => {
      const point = { start: at(offset), end: at(offset) };
      const left = without(span, hole);
      assert.equal(
        left.some((part) => meet(part, point)),
        meet(span, point) && !meet(hole, point),
      );
      assert.ok(left.every((part) => spanSize(part) > 0n));
    }),
  );
});
