/** nftables as nft 1.0.6 prints it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { diff } from "../reconcile/diff.ts";
import { digest } from "./digest.ts";
import { canonicalHook, nftHeld } from "./nft-held.ts";
import { readNftTable } from "./nft-json.ts";
import { nft } from "./nft.ts";
import type { Nft, NftChain, NftElement, NftSet } from "./nft.ts";

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

/** As printed; `comment`s are the digests of what was written. */
const PRINTED = {
  nftables: [
    { metainfo: { version: "1.0.6" } },
    { table: { family: "inet", name: "margay", handle: 1 } },
    {
      set: {
        family: "inet",
        name: "pairs4",
        table: "margay",
        type: ["ifname", "ether_addr", "ipv4_addr"],
        flags: ["interval"],
        comment: digest(TYPE),
        elem: [
          { concat: ["tap1", "fa:16:3e:00:00:01", "10.65.0.5"] },
          { concat: ["tap1", "fa:16:3e:00:00:01", { prefix: { addr: "10.70.0.0", len: 24 } }] },
        ],
      },
    },
    {
      set: {
        family: "inet",
        name: "members4",
        table: "margay",
        type: "ipv4_addr",
        comment: digest("type ipv4_addr;"),
        elem: ["10.65.0.5"],
      },
    },
    {
      set: {
        family: "inet",
        name: "six",
        table: "margay",
        type: "ipv6_addr",
        elem: ["::ffff:1.2.3.4", { range: ["2001:db8::1", "2001:db8::9"] }],
      },
    },
    {
      set: {
        family: "inet",
        name: "seen",
        table: "margay",
        type: "ipv4_addr",
        flags: ["dynamic", "timeout"],
        elem: [{ elem: { val: "10.0.0.1", expires: 3 } }],
      },
    },
    {
      map: {
        family: "inet",
        name: "to",
        table: "margay",
        type: "ifname",
        map: "verdict",
        elem: [
          ["tap1", { goto: { target: "in-4f2a" } }],
          ["tap2", { drop: null }],
        ],
      },
    },
    { map: { family: "inet", name: "dn", table: "margay", type: "ipv4_addr", map: "ipv4_addr", elem: [["10.0.0.1", "10.0.0.2"]] } },
    { chain: { family: "inet", table: "margay", name: "forward", handle: 9, type: "filter", hook: "forward", prio: 0, policy: "accept" } },
    { chain: { family: "inet", table: "margay", name: "in-4f2a", handle: 12 } },
    {
      rule: {
        family: "inet",
        table: "margay",
        chain: "forward",
        comment: digest("oifname vmap @to"),
        expr: [{ vmap: { key: { meta: { key: "oifname" } }, data: "@to" } }],
      },
    },
    {
      rule: {
        family: "inet",
        table: "margay",
        chain: "in-4f2a",
        comment: digest(ACCEPT),
        expr: [{ match: { op: "==", right: "@members4" } }, { accept: null }],
      },
    },
    { rule: { family: "inet", table: "margay", chain: "in-4f2a", expr: [{ drop: null }] } },
  ],
};
const TABLE = readNftTable(PRINTED, "inet");

const WANT: readonly Nft[] = [
  set("pairs4", TYPE),
  set("members4", "type ipv4_addr;"),
  chain("forward", ["oifname vmap @to"], FILTER),
  chain("in-4f2a", [ACCEPT]),
  element("pairs4", '"tap1" . fa:16:3e:00:00:01 . 10.70.0.0/24'),
  element("to", '"tap1"', "goto in-4f2a"),
];

const shown = (values: readonly Nft[]) => values.map(nft.show);

test("elements are read in nft's own syntax, dynamic ones left alone", () => {
  assert.deepEqual(shown(TABLE.elements), [
    'inet pairs4 { "tap1" . fa:16:3e:00:00:01 . 10.65.0.5 }',
    'inet pairs4 { "tap1" . fa:16:3e:00:00:01 . 10.70.0.0/24 }',
    "inet members4 { 10.65.0.5 }",
    "inet six { ::ffff:102:304 }",
    "inet six { 2001:db8::1-2001:db8::9 }",
    'inet to { "tap1" : goto in-4f2a }',
    'inet to { "tap2" : drop }',
    "inet dn { 10.0.0.1 : 10.0.0.2 }",
  ]);
  assert.deepEqual(TABLE.elements.find(({ value }) => value !== undefined)?.uses, ["nft/inet chain in-4f2a"]);
});

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
