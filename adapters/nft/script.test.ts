/** Scripts as nft 1.0.6 reads them, and what it says of those that it refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { digest } from "#core/kinds/digest.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftChain, NftElement, NftSet } from "#core/kinds/nft.ts";
import { diff } from "#core/reconcile/diff.ts";
import { nftScript, readCulprits } from "./script.ts";

const set = (name: string, type: string): NftSet => ({ object: "set", family: "inet", name, type });
const chain = (name: string, rules: readonly string[], hook?: string): NftChain => {
  const value = { object: "chain", family: "inet", name, rules, uses: [] } as const;
  return hook === undefined ? value : { ...value, hook };
};
const element = (of: string, key: string, value?: string): NftElement => {
  const plain = { object: "element", family: "inet", of, element: key, uses: [] } as const;
  return value === undefined ? plain : { ...plain, value };
};
const script = (want: readonly Nft[], have: readonly Nft[]) => nftScript(diff(nft, want, have, { prune: true }));

test("what refers comes off before what it refers to, and goes on after it", () => {
  const type = "type ipv4_addr; flags interval;";
  const want = [set("members4", type), chain("in-1", ["ip saddr @members4 accept", "drop"]), element("members4", "10.65.0.5")];
  const have = [
    chain("in-1", ["accept"]),
    set("members4", "type ipv4_addr;"),
    chain("in-2", ["drop"]),
    element("to", '"tap2"', "goto in-2"),
  ];
  assert.deepEqual(script(want, have).text.split("\n"), [
    "add table inet margay",
    'delete element inet margay to { "tap2" }',
    "flush chain inet margay in-1",
    "flush chain inet margay in-2",
    "delete set inet margay members4",
    "delete chain inet margay in-2",
    `add set inet margay members4 { ${type} comment "${digest(type)}"; }`,
    "add chain inet margay in-1",
    "flush chain inet margay in-1",
    `add rule inet margay in-1 ip saddr @members4 accept comment "${digest("ip saddr @members4 accept")}"`,
    `add rule inet margay in-1 drop comment "${digest("drop")}"`,
    "add element inet margay members4 { 10.65.0.5 }",
    "",
  ]);
});

test("a chain is made anew for another hook, and for nothing else", () => {
  const hook = (priority: string) => `type filter hook input priority ${priority}; policy accept;`;
  assert.doesNotMatch(script([chain("input", ["drop"], hook("filter"))], [chain("input", [], hook("0"))]).text, /delete/);
  assert.match(
    script([chain("input", [], hook("raw"))], [chain("input", [], hook("0"))]).text,
    /delete chain inet margay input\nadd chain/,
  );
});

test("a set that changes as a whole is emptied and filled in one transaction, and stays the same set", () => {
  const prefixes = (...elements: readonly string[]): NftSet => ({ ...set("offices4", "type ipv4_addr; flags interval;"), elements });
  assert.deepEqual(
    script([prefixes("10.0.0.0/8", "192.0.2.7")], [prefixes("10.65.0.0/16")])
      .text.split("\n")
      .slice(2),
    ["flush set inet margay offices4", "add element inet margay offices4 { 10.0.0.0/8, 192.0.2.7 }", ""],
  );
  assert.deepEqual(
    script([prefixes()], [prefixes("10.65.0.0/16")])
      .text.split("\n")
      .slice(2),
    ["flush set inet margay offices4", ""],
  );
  assert.equal(script([prefixes("10.0.0.0/8")], [prefixes("10.0.0.0/8")]).text, "");
});

test("an element of a map is put in the place of the one before", () => {
  assert.deepEqual(script([element("to", '"tap1"', "goto in-2")], [element("to", '"tap1"', "drop")]).text.split("\n"), [
    "add table inet margay",
    'delete element inet margay to { "tap1" }',
    'add element inet margay to { "tap1" : goto in-2 }',
    "",
  ]);
});

test("of a share that becomes another, what is in both is not named", () => {
  const share = (...elements: readonly string[]): Nft => ({ object: "share", family: "inet", of: "members4", share: 7, elements });
  assert.deepEqual(script([share("10.0.0.1", "10.0.0.3")], [share("10.0.0.1", "10.0.0.2")]).text.split("\n"), [
    "add table inet margay",
    "delete element inet margay members4 { 10.0.0.2 }",
    "add element inet margay members4 { 10.0.0.3 }",
    "",
  ]);
});

test("what nft refuses is found by its line", () => {
  const said = [
    "/dev/stdin:4:30-32: Error: No symbol type information",
    "add rule inet margay a foo bar",
    "                       ^^^",
    "/dev/stdin:5:30-35: Error: Could not process rule: No such file or directory",
  ].join("\n");
  const culprits = readCulprits(said, script([chain("a", ["foo bar"]), element("to", '"tap7"', "goto nope")], []));
  assert.deepEqual(
    [...culprits].map(([{ ref }, words]) => `${ref}: ${words}`),
    ["nft/inet chain a: No symbol type information", 'nft/inet element to "tap7": Could not process rule: No such file or directory'],
  );
});

test("a flowtable comes before the rule that puts flows into it, and goes after it; for another hook both are made anew together", () => {
  const table = (priority: number) =>
    ({ object: "flowtable", family: "inet", name: "fast", hook: `hook ingress priority ${priority};` }) as const;
  const [rule, other] = ["flow add @fast", "(refers to what is made again)"];
  const added = [
    "add flowtable inet margay fast { hook ingress priority 0; }",
    "add chain inet margay fast-path",
    "flush chain inet margay fast-path",
    `add rule inet margay fast-path ${rule} comment "${digest(rule)}"`,
  ];
  const lines = (...given: Parameters<typeof script>) =>
    script(...given)
      .text.trim()
      .split("\n")
      .slice(1);
  assert.deepEqual(lines([chain("fast-path", [rule]), table(0)], []), added);
  assert.deepEqual(lines([], [table(0), chain("fast-path", [rule])]), [
    "flush chain inet margay fast-path",
    "delete flowtable inet margay fast",
    "delete chain inet margay fast-path",
  ]);
  assert.deepEqual(lines([chain("fast-path", [rule]), table(0)], [table(7), chain("fast-path", [other])]), [
    "flush chain inet margay fast-path",
    "delete flowtable inet margay fast",
    ...added,
  ]);
});
