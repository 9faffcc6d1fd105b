/** Keys as text and as bytes: of every type that a set of ours has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldTypes, spanOf, spanText } from "./fields.ts";

/** nft's numbers of types, six bits for each field. */
const KEYS: readonly (readonly [number: number, text: string, length?: number])[] = [
  [41, '"tap17"'],
  [(41 << 12) | (9 << 6) | 7, '"tap17" . fa:16:3e:00:00:11 . 10.65.0.17'],
  [(41 << 12) | (9 << 6) | 8, '"tap17" . fa:16:3e:00:00:11 . 2001:db8:a41:3::11'],
  // What is taken out of a packet by its place: the target of a neighbour advertisement.
  [(41 << 12) | (9 << 6) | 4, '"tap17" . fa:16:3e:00:00:11 . 0x20010db80a4100030000000000000011', 40],
  // And the client's hardware address in a DHCP message.
  [(41 << 6) | 4, '"tap17" . 0x02163e000011', 24],
  [7, "10.65.0.0/16"],
  [(12 << 6) | 13, "6 . 22"],
];

test("a key is the same text again when it has been bytes", () => {
  for (const [number, text, length = 0] of KEYS) {
    const types = fieldTypes(number, length);
    assert.ok(types, text);
    const span = spanOf(text, types);
    assert.ok(span, text);
    assert.equal(spanText(span, types), text);
  }
});

test("a number of a size that no set of ours has is none that we write", () => {
  assert.equal(fieldTypes((41 << 6) | 4, 20), undefined);
  const types = fieldTypes((41 << 6) | 4, 24);
  assert.ok(types);
  for (const text of ['"tap17" . 0x1', '"tap17" . 0x02163e00001g', '"tap17" . 02163e000011'])
    assert.equal(spanOf(text, types), undefined, text);
});

test("an IPv4 address is four numbers in decimal, each of one byte, without zeros before them", () => {
  const types = fieldTypes(7, 4);
  assert.ok(types);
  for (const text of ["0.0.0.0", "255.255.255.255", "10.65.0.17", "1.20.100.200"])
    assert.deepEqual([...(spanOf(text, types)?.first ?? [])], text.split(".").map(Number), text);
  const others = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.00",
    "1.2.3.256",
    "1..3.4",
    "1.2.3.",
    "1.2.3.4 ",
    "a.b.c.d",
    "1.2.3.4444",
    "1.2.3.4 . 5",
  ];
  for (const text of others) assert.equal(spanOf(text, types), undefined, text);
});
