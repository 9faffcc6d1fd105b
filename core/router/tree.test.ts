import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lengthOf, prefixOf } from "../net/prefix.ts";
import { ipOf } from "../net/address.ts";
import { plainName } from "./lines.ts";
import { bounds, rangeOf } from "./prefix-list.ts";
import { at, leftover, sectionTree, setTree, statements, words } from "./tree.ts";

test("set lines are a tree of words; lists and quotes are one thing each", () => {
  const { root, unread } = setTree(`# a comment
set / policy A members [ one two ]
set policy A description 'more than one word'
delete policy B
`);
  assert.deepEqual(words(root, "policy", "A", "members"), ["one", "two"]);
  assert.deepEqual(words(root, "policy", "A", "description"), ["more than one word"]);
  assert.deepEqual(
    unread.map(({ line }) => line),
    [4],
  );
  assert.deepEqual(leftover(root), []);
});

test("what has not been asked for is left over, with its line", () => {
  const { root } = setTree("set a b c\nset a d e\n");
  words(root, "a", "b");
  assert.deepEqual(leftover(root), [{ line: 2, text: "a d e", reason: "not understood" }]);
});

test("a statement that is the beginning of another is one of its own", () => {
  const root = sectionTree("ip prefix-list X permit 10.0.0.0/8\nip prefix-list X permit 10.0.0.0/8 le 24\n");
  assert.deepEqual(
    statements(at(root, "ip", "prefix-list", "X")).map(({ text }) => text),
    ["permit 10.0.0.0/8", "permit 10.0.0.0/8 le 24"],
  );
});

test("sections are told by indentation, whatever its step", () => {
  const root = sectionTree(
    "router bgp 1\n   neighbor A remote-as 2\n   !\n   address-family ipv4\n      neighbor A activate\nroute-map X permit 10\n set metric 1\n",
  );
  assert.deepEqual(words(root, "router", "bgp", "1", "neighbor", "A", "remote-as"), ["2"]);
  assert.deepEqual(words(root, "router", "bgp", "1", "address-family", "ipv4", "neighbor", "A"), ["activate"]);
  assert.deepEqual(words(root, "route-map", "X", "permit", "10", "set", "metric"), ["1"]);
});

test("a range of a prefix list is the same after it has been written and read", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 0xffffffffn }),
      fc.integer({ min: 0, max: 32 }),
      fc.nat(32),
      fc.nat(32),
      (bits, length, one, other) => {
        const prefix = prefixOf(ipOf(4, bits), length);
        const [least = 0, most = 0] = [Math.max(one, length), Math.max(other, length)].toSorted((left, right) => left - right);
        const { ge, le } = bounds({ prefix, least, most });
        assert.deepEqual(rangeOf(prefix, ge?.toString(), le?.toString()), { prefix, least, most });
        assert.ok(ge === undefined || ge > lengthOf(prefix), "IOS takes no `ge` of the prefix's own length");
      },
    ),
  );
});

test("names that a platform would refuse become others, each its own", () => {
  assert.equal(plainName("FROM-h1-IPV4"), "FROM-h1-IPV4");
  const [one, other] = [plainName("FROM-rack-1.example.org"), plainName("FROM-rack-1-example.org")];
  assert.match(one, /^[A-Za-z0-9_-]{1,63}$/);
  assert.notEqual(one, other);
  assert.match(plainName(`FROM-${"a".repeat(70)}-IPV4`), /^[A-Za-z0-9_-]{1,63}$/);
});
