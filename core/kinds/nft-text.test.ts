/** What a host has in nftables, beside what is wanted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { diff } from "../reconcile/diff.ts";
import { digest } from "./digest.ts";
import { canonicalHook, nftHeld } from "./nft-held.ts";
import type { NftTable } from "./nft-table.ts";
import { nft, nftRef } from "./nft.ts";
import { shareOf } from "../net/share.ts";
import type { Nft, NftChain, NftElement, NftFlowtable, NftSet, NftShare } from "./nft.ts";

const TYPE = "type ifname . ether_addr . ipv4_addr; flags interval;";
const ACCEPT = "ip saddr @members4 accept";
const FILTER = "type filter hook forward priority filter; policy accept;";

const set = (name: string, type: string, object: "set" | "map" = "set"): NftSet => ({ object, family: "inet", name, type });
const chain = (name: string, rules: readonly string[], hook?: string): NftChain => ({
  object: "chain",
  family: "inet",
  name,
  rules,
  uses: [],
  ...(hook === undefined ? {} : { hook }),
});
const element = (of: string, key: string, value?: string): NftElement => ({
  object: "element",
  family: "inet",
  of,
  element: key,
  uses: [],
  ...(value === undefined ? {} : { value }),
});

/** Digests are of what was written. */
const TABLE: NftTable = {
  flowtables: [],
  sets: [
    {
      object: "set",
      family: "inet",
      name: "pairs4",
      digest: digest(TYPE),
      elements: [
        element("pairs4", '"tap1" . fa:16:3e:00:00:01 . 10.65.0.5'),
        element("pairs4", '"tap1" . fa:16:3e:00:00:01 . 10.70.0.0/24'),
      ],
    },
    { object: "set", family: "inet", name: "members4", digest: digest("type ipv4_addr;"), elements: [element("members4", "10.65.0.5")] },
    {
      object: "map",
      family: "inet",
      name: "to",
      digest: "",
      elements: [element("to", '"tap1"', "goto in-4f2a"), element("to", '"tap2"', "drop")],
    },
  ],
  chains: [
    {
      family: "inet",
      name: "forward",
      hook: "type filter hook forward priority 0; policy accept;",
      digests: [digest("oifname vmap @to")],
      uses: [nftRef("inet", "set", "to"), nftRef("inet", "map", "to")],
    },
    {
      family: "inet",
      name: "in-4f2a",
      digests: [digest(ACCEPT), ""],
      uses: [nftRef("inet", "set", "members4"), nftRef("inet", "map", "members4")],
    },
  ],
};

const WANT: readonly Nft[] = [
  set("pairs4", TYPE),
  set("members4", "type ipv4_addr;"),
  chain("forward", ["oifname vmap @to"], FILTER),
  chain("in-4f2a", [ACCEPT]),
  element("pairs4", '"tap1" . fa:16:3e:00:00:01 . 10.70.0.0/24'),
  element("to", '"tap1"', "goto in-4f2a"),
];

const shown = (values: readonly Nft[]) => values.map(nft.show);

test("what stands as wanted is no difference; a rule more is", () => {
  const changes = diff(nft, WANT, nftHeld(WANT, [TABLE]), { prune: false });
  assert.deepEqual(
    changes.map(({ op, ref }) => `${op} ${ref}`),
    ["replace nft/inet chain in-4f2a"],
  );
});

test("insertion, loss and another order of rules are differences; another hook is one", () => {
  for (const rules of [[ACCEPT, "", "drop"], [""], ["", ACCEPT], [ACCEPT, ACCEPT]]) {
    assert.equal(
      diff(nft, [chain("in-4f2a", rules)], nftHeld([chain("in-4f2a", rules)], [TABLE]), { prune: false }).length,
      1,
      rules.join(),
    );
  }
  const hooked = [chain("forward", ["oifname vmap @to"], "type filter hook forward priority raw; policy accept;")];
  assert.equal(diff(nft, hooked, nftHeld(hooked, [TABLE]), { prune: false }).length, 1);
});

test("a set of another type takes its elements and the rules that look into it along", () => {
  const want = [set("members4", "type ipv4_addr; flags interval;"), chain("in-4f2a", [ACCEPT, "drop"]), element("members4", "10.65.0.5")];
  const changes = diff(nft, want, nftHeld(want, [TABLE]), { prune: false });
  assert.deepEqual(
    changes.map(({ op, ref }) => `${op} ${ref}`),
    ["replace nft/inet set members4", "replace nft/inet chain in-4f2a", "create nft/inet element members4 10.65.0.5"],
  );
});

test("a flowtable with another hook takes the rule that refers to it along", () => {
  const table = (priority: number): NftFlowtable => ({
    object: "flowtable",
    family: "inet",
    name: "fast",
    hook: `hook ingress priority ${priority};`,
  });
  const uses = [nftRef("inet", "flowtable", "fast")];
  const states: NftTable = {
    ...TABLE,
    flowtables: [table(0)],
    chains: [{ family: "inet", name: "fast-path", digests: [digest("flow add @fast")], uses }],
  };
  const changes = (priority: number) => {
    const want = [table(priority), { ...chain("fast-path", ["flow add @fast"]), uses }];
    return diff(nft, want, nftHeld(want, [states]), { prune: false }).map(({ op, ref }) => `${op} ${ref}`);
  };
  assert.deepEqual(changes(0), []);
  assert.deepEqual(changes(7), ["replace nft/inet flowtable fast", "replace nft/inet chain fast-path"]);
});

test("of a set that is wanted with its elements, these are part of it; of one that is not, they are objects of their own", () => {
  const whole = (...elements: readonly string[]): Nft => ({
    object: "set",
    family: "inet",
    name: "members4",
    type: "type ipv4_addr;",
    elements,
  });
  const changes = (...want: readonly Nft[]) =>
    diff(nft, want, nftHeld(want, [TABLE]), { prune: false }).map(({ op, ref }) => `${op} ${ref}`);
  assert.deepEqual(changes(whole("10.65.0.5")), []);
  assert.deepEqual(changes(whole("10.65.0.5", "10.65.0.6")), ["replace nft/inet set members4"]);
  assert.deepEqual(changes(whole()), ["replace nft/inet set members4"]);
  const held = shown(nftHeld([whole()], [TABLE]));
  assert.ok(
    held.includes("inet set members4 { type ipv4_addr; elements = { 10.65.0.5 }; }") && !held.includes("inet members4 { 10.65.0.5 }"),
  );
  assert.ok(shown(nftHeld([], [TABLE])).includes("inet members4 { 10.65.0.5 }"));
});

test("of a set that is wanted in shares, what it holds is told in shares: as they are wanted, or with what is in them", () => {
  const share = (...elements: readonly [string, ...string[]]): NftShare => ({
    object: "share",
    family: "inet",
    of: "members4",
    share: shareOf(elements[0]),
    elements,
  });
  const elements = ["10.65.0.5", "10.65.0.6"].map((ip) => element("members4", ip));
  const table: NftTable = {
    flowtables: [],
    chains: [],
    sets: [{ object: "set", family: "inet", name: "members4", digest: digest("type ipv4_addr;"), elements }],
  };
  const changes = (...want: readonly Nft[]) =>
    diff(nft, want, nftHeld(want, [table]), { prune: true }).map(({ op, ref }) => `${op} ${ref}`);
  const [bare, five, six] = [set("members4", "type ipv4_addr;"), share("10.65.0.5"), share("10.65.0.6")];
  assert.deepEqual(changes(bare, five, six), []);
  assert.deepEqual(nftHeld([bare, five, six], [table]).slice(1), [five, six]);
  assert.deepEqual(changes(bare, five), [`delete nft/inet share members4 ${six.share}`]);
  assert.deepEqual(changes(bare, five, { ...six, elements: ["10.65.0.6", "10.99.0.1"] }), [`replace nft/inet share members4 ${six.share}`]);
  assert.deepEqual(changes(bare), ["delete nft/inet element members4 10.65.0.5", "delete nft/inet element members4 10.65.0.6"]);
  // With a set that is made again goes what is in it.
  assert.deepEqual(changes(set("members4", "type ipv4_addr; flags interval;"), five, six), [
    "replace nft/inet set members4",
    `create nft/inet share members4 ${five.share}`,
    `create nft/inet share members4 ${six.share}`,
  ]);
});

test("hooks are compared with the priority as a number", () => {
  const canonical = {
    "priority raw - 5": "priority -305",
    "priority srcnat": "priority 100",
    "priority -300": "priority -300",
    "priority filter + 1": "priority 1",
  };
  for (const [text, number] of Object.entries(canonical)) {
    assert.equal(canonicalHook(`type filter hook input ${text}; policy drop;`), `type filter hook input ${number}; policy drop;`);
  }
  assert.equal(canonicalHook("type filter hook input priority 0;"), "type filter hook input priority 0; policy accept;");
  assert.throws(() => canonicalHook("hook input"), /cannot be read: hook input/);
});
