/** nftables of a real kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { driverContract } from "#contracts/driver.contract.ts";
import { DONE } from "#contracts/driver.ts";
import { nft, nftRef } from "#core/kinds/nft.ts";
import type { Nft, NftChain, NftElement, NftSet } from "#core/kinds/nft.ts";
import { diff } from "#core/reconcile/diff.ts";
import { testNamespace } from "../linux/namespace.real.ts";
import type { TestNamespace } from "../linux/namespace.real.ts";
import { nftables } from "./nftables.ts";
import { NFT } from "./numbers.ts";

const set = (name: string, type: string, object: "set" | "map" = "set"): NftSet => ({ object, family: "inet", name, type });
const chain = (name: string, rules: readonly string[], more: Partial<NftChain> = {}): NftChain => ({
  object: "chain",
  family: "inet",
  name,
  rules,
  uses: [],
  ...more,
});
const element = (of: string, key: string, more: Partial<NftElement> = {}): NftElement => ({
  object: "element",
  family: "inet",
  of,
  element: key,
  uses: [],
  ...more,
});

const HOOK = "type filter hook forward priority filter; policy accept;";
const members = nftRef("inet", "set", "members4");
const in1 = nftRef("inet", "chain", "in-1");

const POLICY: readonly Nft[] = [
  chain(
    "forward",
    ["ct state vmap { established : accept, related : accept, invalid : drop }", "oifname vmap @to", 'oifname "tap*" counter drop'],
    {
      hook: HOOK,
      uses: [nftRef("inet", "map", "to")],
    },
  ),
  chain("antispoof", ['iifname "tap*" iifname . ether saddr . ip saddr != @source4 drop'], {
    hook: "type filter hook prerouting priority raw - 5; policy accept;",
  }),
  chain("in-1", ["ip saddr @members4 accept", "tcp dport { 22, 80 } accept", "meta l4proto { 1, 58 } accept", "drop"], {
    uses: [members],
  }),
  set("to", "type ifname : verdict;", "map"),
  set("source4", "type ifname . ether_addr . ipv4_addr; flags interval;"),
  set("source6", "type ifname . ether_addr . ipv6_addr;"),
  set("members4", "type ipv4_addr;"),
  { ...set("offices6", "type ipv6_addr; flags interval;"), elements: ["2001:db8::/32", "::ffff:102:304"] },
  element("to", '"tap1"', { value: "goto in-1", uses: [in1] }),
  element("to", '"tap2"', { value: "drop" }),
  element("source4", '"tap1" . fa:16:3e:00:00:01 . 10.65.0.5'),
  element("source4", '"tap2" . fa:16:3e:00:00:02 . 10.70.0.0/24'),
  element("source4", '"tap3" . fa:16:3e:00:00:03 . 0.0.0.0/0'),
  element("source6", '"tap1" . fa:16:3e:00:00:01 . 2001:db8::1:0:0:5'),
  element("source6", '"tap1" . fa:16:3e:00:00:01 . ::ffff:102:304'),
  element("members4", "10.65.0.6"),
  {
    object: "chain",
    family: "ip",
    name: "relay",
    hook: "type filter hook prerouting priority mangle; policy accept;",
    uses: [],
    rules: ['ip saddr 10.65.0.0/16 meta l4proto 6 ct state invalid dup to 192.168.100.1 device "lo"', "ip saddr 10.65.0.0/16 drop"],
  },
  { object: "set", family: "arp", name: "claims", type: "type ifname . ether_addr . ipv4_addr;" },
  { object: "element", family: "arp", of: "claims", element: '"tap1" . fa:16:3e:00:00:01 . 10.65.0.5', uses: [] },
  {
    object: "chain",
    family: "arp",
    name: "input",
    hook: "type filter hook input priority filter; policy accept;",
    uses: [],
    rules: ['iifname "tap*" iifname . arp saddr ether . arp saddr ip != @claims drop'],
  },
];

/** One pass over a driver with no memory; gives what was changed. */
async function pass({ run, kernel }: Pick<TestNamespace, "run" | "kernel">, want: readonly Nft[], prune = true) {
  const driver = nftables({ run, ...kernel });
  const changes = diff(nft, want, await driver.list(want), { prune });
  const outcomes = await driver.apply(changes);
  return changes.map(({ op, ref }, at) => ({ change: `${op} ${ref}`, outcome: outcomes[at] }));
}

const changed = async (host: Awaited<ReturnType<typeof testNamespace>>, want: readonly Nft[]) =>
  (await pass(host, want)).map(({ change, outcome }) => `${change} ${outcome?.state}`);

driverContract<Nft>("nftables()", async (t: TestContext) => {
  const { run, kernel, sh } = await testNamespace(t);
  await sh("nft 'add table inet other; add chain inet other in-1; add table ip6 margay; add chain ip6 margay in-1'");
  const impossible = { value: chain("bad", ["foo bar"]), reason: /syntax error|No symbol type information/ };
  return {
    kind: nft,
    fresh: () => nftables({ run, ...kernel }),
    one: chain("in-1", ["accept"]),
    other: chain("in-2", ["drop"]),
    changed: chain("in-1", ["drop", "accept"]),
    disturb: () => sh("nft flush chain inet margay in-1"),
    impossible,
  };
});

test("a whole policy stands after one pass, and a second pass finds nothing to do", async (t) => {
  const host = await testNamespace(t);
  for (const { change, outcome } of await pass(host, POLICY)) assert.deepEqual(outcome, DONE, change);
  assert.deepEqual(await pass(host, POLICY), []);
});

test("a kernel that is not known to offload flows is asked nothing about it, whatever becomes of the tables", async (t) => {
  const { run, kernel } = await testNamespace(t);
  const asked = new Set<number>();
  const { dump, gets, get } = kernel.netfilter;
  const netfilter: typeof kernel.netfilter = {
    ...kernel.netfilter,
    dump: (question, ...more) => (asked.add(question.type), dump(question, ...more)),
    gets: (questions, ...more) => (questions.forEach(({ type }) => asked.add(type)), gets(questions, ...more)),
    get: (question, ...more) => (asked.add(question.type), get(question, ...more)),
  };
  const host = { run, kernel: { ...kernel, netfilter } };
  await pass(host, POLICY);
  await nftables({ ...host, ...host.kernel }).read?.(POLICY);
  await pass(host, []);
  assert.ok(asked.has(NFT.GETCHAIN) && asked.has(NFT.GETSET));
  assert.ok(!asked.has(NFT.GETFLOWTABLE));
});

test("whatever somebody else does to our tables is found and healed, a missing table too", async (t) => {
  const host = await testNamespace(t);
  await pass(host, POLICY);
  const damages: Readonly<Record<string, readonly string[]>> = {
    "nft insert rule inet margay in-1 accept": ["replace nft/inet chain in-1 done"],
    "nft flush chain inet margay in-1": ["replace nft/inet chain in-1 done"],
    "nft 'add chain inet margay more; add rule inet margay more accept'": ["delete nft/inet chain more done"],
    "nft 'delete element inet margay to { \"tap1\" }'": ['create nft/inet element to "tap1" done'],
    "nft 'add element inet margay members4 { 10.65.0.9 }'": ["delete nft/inet element members4 10.65.0.9 done"],
    "nft 'add element inet margay offices6 { fe80::/10 }'": ["replace nft/inet set offices6 done"],
    "nft flush set inet margay offices6": ["replace nft/inet set offices6 done"],
    "nft 'add element inet margay to { \"tap9\" : accept }'": ['delete nft/inet element to "tap9" done'],
    "nft 'delete table arp margay'": [
      "create nft/arp set claims done",
      'create nft/arp element claims "tap1" . fa:16:3e:00:00:01 . 10.65.0.5 done',
      "create nft/arp chain input done",
    ],
  };
  for (const [damage, repairs] of Object.entries(damages)) {
    await host.sh(damage);
    assert.deepEqual(await changed(host, POLICY), repairs, damage);
    assert.deepEqual(await pass(host, POLICY), [], damage);
  }
  await host.sh("nft flush ruleset");
  assert.equal((await changed(host, POLICY)).length, POLICY.length);
  assert.deepEqual(await pass(host, POLICY), []);
});

test("a set that changes its type is made anew with its elements and the rules that look into it", async (t) => {
  const host = await testNamespace(t);
  await pass(host, POLICY);
  const want = POLICY.map((value) =>
    value.object === "set" && value.name === "members4" ? { ...value, type: "type ipv4_addr; flags interval;" } : value,
  );
  assert.deepEqual(await changed(host, want), [
    "replace nft/inet chain in-1 done",
    "replace nft/inet set members4 done",
    "create nft/inet element members4 10.65.0.6 done",
  ]);
  assert.deepEqual(await pass(host, want), []);
});

test("a chain that changes its hook is made anew", async (t) => {
  const host = await testNamespace(t);
  await pass(host, POLICY);
  const want = POLICY.map((value) =>
    value.object === "chain" && value.name === "forward"
      ? { ...value, hook: "type filter hook forward priority -10; policy drop;" }
      : value,
  );
  assert.deepEqual(await changed(host, want), ["replace nft/inet chain forward done"]);
  assert.deepEqual(await pass(host, want), []);
});

test("one endpoint's broken policy holds what stands on it, and lets the others through", async (t) => {
  const host = await testNamespace(t);
  const in2 = nftRef("inet", "chain", "in-2");
  const want = [
    ...POLICY,
    chain("in-2", ["no such words"]),
    element("to", '"tap3"', { value: "goto in-2", uses: [in2] }),
    element("source4", "nonsense"),
  ];
  const stuck = (await pass(host, want))
    .filter(({ outcome }) => outcome?.state !== "done")
    .map(({ change, outcome }) => `${change} ${outcome?.state}`);
  assert.deepEqual(stuck, [
    "create nft/inet chain in-2 failed",
    'create nft/inet element to "tap3" held',
    "create nft/inet element source4 nonsense failed",
  ]);
  assert.deepEqual(await pass(host, POLICY), []);
});

test("everything of ours goes when nothing is wanted, and others' tables stay", async (t) => {
  const host = await testNamespace(t);
  await host.sh("nft 'add table inet other; add chain inet other keep'");
  await pass(host, POLICY);
  for (const { change, outcome } of await pass(host, [])) assert.deepEqual(outcome, DONE, change);
  assert.deepEqual(await nftables({ ...host, ...host.kernel }).list([]), []);
  assert.match(await host.sh("nft list ruleset"), /table inet other \{\s+chain keep/);
});

test("others' changes of our tables are told, ours by script or directly are not", async (t) => {
  const { run, kernel, sh } = await testNamespace(t);
  const driver = nftables({ run, ...kernel });
  const told: string[] = [];
  const once = new Promise<void>((resolve) =>
    t.after(
      driver.watch?.(() => {
        told.push("changed");
        resolve();
      }),
    ),
  );
  const want: Nft[] = [set("members4", "type ipv4_addr;"), chain("in-1", ["accept"])];
  const step = async () => driver.apply(diff(nft, want, await driver.list(want), { prune: true }));
  await step();
  want.push(element("members4", "10.0.0.1"));
  await step();
  want.push(chain("in-2", ["accept"]), element("members4", "10.0.0.2"));
  await step();
  await sh("nft 'add element inet margay members4 { 10.0.0.9 }'");
  await once;
  // What came before it would have been told before it.
  assert.deepEqual(told, ["changed"]);
});
