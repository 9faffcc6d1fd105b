/** Elements that are told to the kernel directly, with nft(8) as the judge of what stands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { DONE } from "#contracts/driver.ts";
import { refOf } from "#core/kinds/kind.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftElement, NftSet, NftShare } from "#core/kinds/nft.ts";
import { shareOf } from "#core/net/share.ts";
import { diff } from "#core/reconcile/diff.ts";
import { testNamespace } from "../linux/namespace.real.ts";
import { chainNamed } from "./listing.ts";
import { nftables } from "./nftables.ts";
import { NFT } from "./numbers.ts";

const inet = { family: "inet", uses: [] } as const;
const element = (of: string, key: string, value?: string): NftElement => ({
  ...inet,
  object: "element",
  of,
  element: key,
  ...(value === undefined ? {} : { value }),
});
const set = (name: string, type: string): NftSet => ({ object: "set", family: "inet", name, type });
const map = (name: string, type: string): NftSet => ({ ...set(name, type), object: "map" });

const STRUCTURE: readonly Nft[] = [
  { ...inet, object: "chain", name: "in-1", rules: ["accept"] },
  map("to", "type ifname : verdict;"),
  map("leaving", "type ipv4_addr : ipv4_addr;"),
  map("ports", "type inet_proto . inet_service : ipv4_addr . inet_service;"),
  set("macs", "type ifname . ether_addr;"),
  set("pairs6", "type ifname . ether_addr . ipv6_addr;"),
  set("nets4", "type ifname . ether_addr . ipv4_addr; flags interval;"),
  set("members4", "type ipv4_addr;"),
  set("members6", "type ipv6_addr;"),
];

const hooked: Nft = {
  ...inet,
  object: "chain",
  name: "base",
  hook: "type filter hook forward priority 0; policy accept;",
  rules: ["iifname vmap @to"],
};

const ELEMENTS: readonly Nft[] = [
  element("to", '"tap1"', "goto in-1"),
  element("to", '"tap-with-15-char"', "drop"),
  element("to", '"tap3"', "jump in-1"),
  element("to", '"tap4"', "return"),
  element("leaving", "10.65.0.5", "203.0.113.5"),
  element("ports", "6 . 8080", "10.65.0.5 . 80"),
  element("macs", '"tap1" . fa:16:3e:00:00:01'),
  element("pairs6", '"tap1" . fa:16:3e:00:00:01 . 2001:db8::5'),
  element("nets4", '"tap1" . fa:16:3e:00:00:01 . 10.65.0.5'),
  element("nets4", '"tap1" . fa:16:3e:00:00:01 . 10.66.0.0/16'),
  element("nets4", '"tap2" . fa:16:3e:00:00:02 . 0.0.0.0/0'),
  element("nets4", '"tap3" . fa:16:3e:00:00:02 . 10.0.0.3-10.0.0.9'),
  element("members4", "10.65.0.5"),
  element("members6", "::ffff:102:304"),
].map((value) => (value.element === '"tap-with-15-char"' ? { ...value, element: '"tap-with-15-cha"' } : value));

async function host(t: TestContext) {
  const here = await testNamespace(t);
  let scripts = 0;
  const run: typeof here.run = (argv, stdin) => {
    scripts++;
    return here.run(argv, stdin);
  };
  const driver = nftables({ run, ...here.kernel });
  const step = async (want: readonly Nft[]) => {
    const [before, changes] = [scripts, diff(nft, want, await driver.list(want), { prune: true })];
    const outcomes = await driver.apply(changes);
    return { outcomes, scripts: scripts - before, changes: changes.map(({ op, ref }, at) => `${op} ${ref} ${outcomes[at]?.state}`) };
  };
  const shown = async () => (await driver.list([])).map(nft.show).toSorted();
  return { ...here, driver, step, shown };
}

test("elements of every type that we write stand as nft itself would have written them, and go again", async (t) => {
  const [ours, theirs] = [await host(t), await host(t)];
  await ours.step(STRUCTURE);
  const { outcomes, scripts } = await ours.step([...STRUCTURE, ...ELEMENTS]);
  assert.deepEqual(
    outcomes,
    ELEMENTS.map(() => DONE),
  );
  assert.equal(scripts, 0, "elements alone need no program");
  // All at once is one script, where something of ours leads packets already.
  await theirs.step(STRUCTURE.slice(0, 1));
  assert.equal((await theirs.step([hooked, ...STRUCTURE, ...ELEMENTS])).scripts, 1);
  await theirs.step([...STRUCTURE, ...ELEMENTS]);
  // In whatever order the kernel tells them.
  const print = "nft list table inet margay | sed 's/[,}]//g; s/^[[:space:]]*//; s/elements = { //; s/ *$//' | sort";
  assert.equal(await ours.sh(print), await theirs.sh(print));
  assert.deepEqual(await ours.step([...STRUCTURE, ...ELEMENTS]), { outcomes: [], scripts: 0, changes: [] });
  assert.equal((await ours.step(STRUCTURE)).scripts, 0);
  assert.doesNotMatch(await ours.sh("nft list table inet margay"), /elements/);
});

const INTERVALS: readonly (readonly string[])[] = [
  ["10.0.0.0/8", "192.0.2.7"],
  ["0.0.0.0/0"],
  ["0.0.0.0/1", "128.0.0.0/1"],
  ["10.0.0.0/24", "10.0.1.0/24", "255.255.255.255"],
  [],
  ["10.0.0.3-10.0.0.9", "224.0.0.0/3"],
];

test("a set of prefixes that changes as a whole is what nft would have made of it, neighbours and the last addresses too", async (t) => {
  const [ours, theirs] = [await host(t), await testNamespace(t)];
  const whole = (elements: readonly string[]): Nft[] => [
    { ...set("nets", "type ipv4_addr; flags interval;"), elements: elements.toSorted() },
  ];
  await ours.step(whole([]));
  await theirs.sh("nft 'add table inet margay; add set inet margay nets { type ipv4_addr; flags interval; }'");
  for (const elements of INTERVALS) {
    const { outcomes, scripts } = await ours.step(whole(elements));
    assert.ok(outcomes.every(({ state }) => state === "done") && scripts === 0, elements.join());
    await theirs.sh(
      `nft flush set inet margay nets${elements.length === 0 ? "" : `\\; add element inet margay nets '{ ${elements.join(", ")} }'`}`,
    );
    const print = 'nft -j list set inet margay nets | sed \'s/.*"flags"/flags/; s/.*"comment": "[^"]*", //\'';
    assert.equal(await ours.sh(print), await theirs.sh(print), elements.join());
    assert.deepEqual((await ours.step(whole(elements))).changes, []);
  }
});

test("of elements that are told directly, those that cannot be are named, and the others are there, all at once", async (t) => {
  const { step, shown } = await host(t);
  await step(STRUCTURE);
  const base = await shown();
  const good = [element("members4", "10.65.0.6"), element("to", '"tap9"', "accept")];
  const bad = [
    element("members4", "banana"),
    element("to", '"tap7"', "goto nowhere"),
    element("to", '"tap8"', "gone"),
    element("no-such-set", "10.0.0.1"),
  ];
  const { changes, scripts } = await step([...STRUCTURE, good[0] as Nft, ...bad, good[1] as Nft]);
  assert.equal(scripts, 0);
  assert.deepEqual(changes, [
    "create nft/inet element members4 10.65.0.6 done",
    "create nft/inet element members4 banana failed",
    'create nft/inet element to "tap7" failed',
    'create nft/inet element to "tap8" failed',
    "create nft/inet element no-such-set 10.0.0.1 failed",
    'create nft/inet element to "tap9" done',
  ]);
  assert.deepEqual(await shown(), [...base, ...good.map(nft.show)].toSorted());
});

test("a policy that comes with its chain, and goes with it, is two transactions each way, and no element leads to what is not there", async (t) => {
  const { step } = await host(t);
  await step(STRUCTURE);
  const policy: readonly Nft[] = [
    { ...inet, object: "chain", name: "in-2", rules: ["ip saddr @offices accept", "drop"], uses: ["nft/inet set offices"] },
    { ...set("offices", "type ipv4_addr; flags interval;"), elements: ["192.0.2.0/24"] },
    { ...element("to", '"tap2"', "goto in-2"), uses: ["nft/inet chain in-2"] },
  ];
  const come = await step([...STRUCTURE, ...policy]);
  assert.ok(
    come.outcomes.every(({ state }) => state === "done"),
    come.changes.join(),
  );
  assert.deepEqual((await step([...STRUCTURE, ...policy])).changes, []);
  const go = await step(STRUCTURE);
  assert.ok(
    go.outcomes.every(({ state }) => state === "done"),
    go.changes.join(),
  );
  const broken = await step([...STRUCTURE, { ...(policy[0] as Nft), rules: ["foo"] } as Nft, policy[1] as Nft, policy[2] as Nft]);
  assert.deepEqual(broken.changes.map((line) => line.split(" ").at(-1)).toSorted(), ["done", "failed", "held"]);
});

test("where nothing of ours stood, elements need no program either, and packets are led by nothing before all is there", async (t) => {
  const { run, kernel } = await testNamespace(t);
  const [scripts, leading]: [string[], boolean[]] = [[], []];
  const batch: typeof kernel.netfilter.batch = (bytes) => {
    leading.push(chainNamed(kernel.netfilter, "inet", "base") !== undefined);
    return kernel.netfilter.batch(bytes);
  };
  const noting: typeof run = (argv, stdin) => {
    scripts.push(stdin ?? "");
    return run(argv, stdin);
  };
  const driver = nftables({ ...kernel, run: noting, netfilter: { ...kernel.netfilter, batch } });
  const want = [hooked, ...STRUCTURE, ...ELEMENTS];
  await driver.list(want);
  assert.ok((await driver.apply(creating(want))).every(({ state }) => state === "done"));
  assert.deepEqual([scripts, leading], [[], [false]]);
  assert.deepEqual((await driver.list(want)).map(nft.show).toSorted(), want.map(nft.show).toSorted());
});

test("thousands of elements are one transaction", async (t) => {
  const { step } = await host(t);
  await step(STRUCTURE);
  const many = Array.from({ length: 5000 }, (_, at) => element("members4", `10.1.${at >> 8}.${at & 255}`));
  assert.ok((await step([...STRUCTURE, ...many])).outcomes.every(({ state }) => state === "done"));
  assert.deepEqual((await step([...STRUCTURE, ...many])).changes, []);
  assert.ok((await step(STRUCTURE)).outcomes.every(({ state }) => state === "done"));
});

const bare: Nft = set("members4", "type ipv4_addr;");
/** Of addresses from the `from`-th on. */
const members = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => element("members4", `10.1.${(from + at) >> 8}.${(from + at) & 255}`));
const creating = (values: readonly Nft[]) => values.map((want) => ({ op: "create", ref: refOf(nft, want), want }) as const);

test("what the kernel leaves out of a listing while it makes room in a set is listed and read back all the same", async (t) => {
  const { run, kernel } = await testNamespace(t);
  let moves = 0;
  /** As the kernel tells a set that it moves between two parts of the listing: some more than once, and others not at all. */
  const dump: typeof kernel.netfilter.dump = (question, read, again) => {
    const moved = question.type === NFT.GETSETELEM && moves > 0 && moves-- > 0;
    let first: Buffer | undefined;
    return kernel.netfilter.dump(
      question,
      (body, type) => {
        const told = moved && first !== undefined ? first : body;
        first ??= Buffer.from(body);
        return read(told, type);
      },
      again,
    );
  };
  const hands = { ...kernel, run, netfilter: { ...kernel.netfilter, dump } };
  const all = members(0, 5000);
  await nftables(hands).apply(creating([bare]));
  assert.ok((await nftables(hands).apply(creating(all))).every(({ state }) => state === "done"));
  for (const times of [1, 3]) {
    moves = times;
    assert.equal((await nftables(hands).list([])).length, 1 + all.length);
    moves = times;
    assert.equal((await nftables(hands).read?.(all))?.length, all.length);
  }
  moves = 1000;
  await assert.rejects(nftables(hands).list([]), /moved what is in members4/);
});

test("a set that grows by hundreds is listed whole after each of them, and what was put into it is read back", async (t) => {
  const { run, kernel } = await testNamespace(t);
  const driver = nftables({ ...kernel, run });
  for (const [round, size] of [500, 900, 1300].entries()) {
    await driver.apply(creating([bare]));
    for (let from = 0; from < 26_000; from += size) {
      const some = members(from, from + size);
      assert.ok((await driver.apply(creating(some))).every(({ state }) => state === "done"));
      assert.equal((await driver.read?.(some))?.length, size);
      const listed = await nftables({ ...kernel, run }).list([]);
      assert.equal(listed.length, 1 + from + size, `round ${round}, after ${from + size}`);
    }
    await driver.apply([{ op: "delete", ref: refOf(nft, bare), have: bare }]);
  }
});

test("of many that are asked for at once, each is answered for itself: those that are there, whatever is not", async (t) => {
  const { step, driver } = await host(t);
  await step([...STRUCTURE, ...members(0, 600)]);
  const asked = [...members(300, 900), element("members4", "banana"), element("members6", "::1"), element("no-such-set", "10.0.0.1")];
  const found = (await driver.read?.(asked)) ?? [];
  assert.deepEqual(found.map(nft.show).toSorted(), members(300, 600).map(nft.show).toSorted());
});

test("what is known is not read again: not at rest, not after own changes; whatever others change in between is seen", async (t) => {
  const { run, kernel, sh } = await testNamespace(t);
  const read: number[] = [];
  const dump: typeof kernel.netfilter.dump = (question, ...rest) => {
    read.push(question.type & 0xff);
    return kernel.netfilter.dump(question, ...rest);
  };
  const netfilter = { ...kernel.netfilter, dump };
  const driver = nftables({ ...kernel, run, netfilter });
  const fresh = nftables({ ...kernel, run });
  const shown = async (by: typeof driver) => (await by.list([])).map(nft.show).toSorted();
  const step = async (want: readonly Nft[]) => {
    const changes = diff(nft, want, await fresh.list(want), { prune: true });
    assert.ok((await driver.apply(changes)).every(({ state }) => state === "done"));
  };
  /** What is listed is what a driver with no memory lists; gives which sorts of things were read from the kernel. */
  const listed = async () => {
    read.length = 0;
    const now = await shown(driver);
    const reads = [...new Set(read)].toSorted((a, b) => a - b);
    assert.deepEqual(now, await shown(nftables({ ...kernel, run })));
    return reads;
  };
  const [chains, rules, sets, elements] = [4, 7, 10, 13];
  const offices: Nft = { ...set("offices", "type ipv4_addr; flags interval;"), elements: ["192.0.2.0/24"] };
  await step([...STRUCTURE, offices, ...ELEMENTS]);
  assert.deepEqual(await listed(), [chains, rules, sets, elements]);
  assert.deepEqual(await listed(), []);
  const fewer = ELEMENTS.slice(2);
  await step([...STRUCTURE, offices, ...fewer, element("members4", "10.65.0.9"), element("leaving", "10.65.0.6", "203.0.113.6")]);
  assert.deepEqual(await listed(), []);
  // A chain more: chains, rules and sets are read, and of the sets only what the script was about.
  const in2: Nft = { ...inet, object: "chain", name: "in-2", rules: ["drop"] };
  await step([...STRUCTURE, in2, offices, ...fewer, element("to", '"tap2"', "goto in-2")]);
  assert.deepEqual(await listed(), [chains, rules, sets]);
  await step([...STRUCTURE, in2, { ...offices, elements: ["198.51.100.0/24"] }, ...fewer]);
  assert.deepEqual(await listed(), [elements]);
  await sh("nft 'add element inet margay members4 { 10.65.0.77 }'");
  await step([...STRUCTURE, in2, offices, ...fewer]);
  assert.deepEqual(await listed(), [chains, rules, sets, elements]);
  await sh("nft 'delete table inet margay'");
  assert.deepEqual(await shown(driver), []);
});

/** Of addresses as above, in shares, as one set holds them. */
const shares = (addresses: readonly string[]): NftShare[] =>
  [...Map.groupBy(addresses, shareOf)].map(([share, elements]) => ({
    object: "share",
    family: "inet",
    of: "members4",
    share,
    elements: elements.toSorted(),
  }));
const addresses = (from: number, to: number) => members(from, to).map((each) => each.element);

test("a set in shares: who comes and goes is moved alone, and read back; nothing else is written", async (t) => {
  const { run, kernel, sh } = await testNamespace(t);
  const written: number[] = [];
  const batch: typeof kernel.netfilter.batch = (bytes) => {
    written.push(bytes.length);
    return kernel.netfilter.batch(bytes);
  };
  const driver = nftables({ ...kernel, run, netfilter: { ...kernel.netfilter, batch } });
  const step = async (all: readonly string[]) => {
    const want: readonly Nft[] = [bare, ...shares(all)];
    const changes = diff(nft, want, await driver.list(want), { prune: true });
    written.length = 0;
    assert.ok((await driver.apply(changes)).every(({ state }) => state === "done"));
    const values = changes.map((change) => (change.op === "delete" ? change.have : change.want));
    const back = new Map((await driver.read?.(values))?.map((value) => [nft.key(value), value]));
    for (const change of changes)
      assert.deepEqual(
        back.get(nft.key(change.op === "delete" ? change.have : change.want)),
        change.op === "delete" ? undefined : change.want,
      );
    assert.deepEqual(diff(nft, want, await nftables({ ...kernel, run }).list(want), { prune: true }), []);
    return { ops: changes.map(({ op }) => op), bytes: written.reduce((sum, each) => sum + each, 0) };
  };
  const first = await step(addresses(0, 5000));
  assert.equal(first.ops.length, 1 + 256);
  const [one, all] = [await step([...addresses(1, 5000), "10.9.9.9"]), first.bytes];
  assert.ok(one.ops.length <= 2 && one.bytes < all / 100, `${one.ops.join()}: ${one.bytes} bytes of ${all}`);
  assert.deepEqual(await step([...addresses(1, 5000), "10.9.9.9"]), { ops: [], bytes: 0 });
  await step(addresses(0, 3));
  await step([]);
  // Whatever is in a set of which nothing is wanted is told one by one.
  await sh("nft 'add element inet margay members4 { 10.1.0.1, 10.1.0.2 }'");
  assert.deepEqual((await driver.list([bare])).map(nft.key).toSorted(), [
    "inet element members4 10.1.0.1",
    "inet element members4 10.1.0.2",
    "inet set members4",
  ]);
});

test("a share that somebody else changed is another one; one that could not be changed is read back as it is", async (t) => {
  const { run, kernel, sh } = await testNamespace(t);
  const driver = nftables({ ...kernel, run });
  const want: readonly Nft[] = [bare, ...shares(addresses(0, 600))];
  await driver.apply(creating(want));
  const [gone = "", come] = [addresses(0, 1)[0], "10.77.0.1"];
  await sh(`nft 'delete element inet margay members4 { ${gone} }; add element inet margay members4 { ${come} }'`);
  const strayed = diff(nft, want, await driver.list(want), { prune: true });
  assert.deepEqual(new Set(strayed.map(({ ref }) => ref)), new Set([gone, come].map((ip) => `nft/inet share members4 ${shareOf(ip)}`)));
  // It is taken out again behind our back before it is read.
  await driver.apply(strayed);
  await sh(`nft 'delete element inet margay members4 { ${gone} }'`);
  const values = strayed.flatMap((change) => (change.op === "delete" ? [] : [change.want]));
  const back = (await driver.read?.(values)) ?? [];
  const wrong = back.filter((value) => !values.includes(value as NftShare));
  assert.deepEqual(
    wrong.map((value) => nft.key(value)),
    [`inet share members4 ${shareOf(gone)}`],
  );
  assert.ok(!(wrong[0] as NftShare).elements.includes(gone));
});

test("of a share with something that is no address nothing is put in, and the others are", async (t) => {
  const { step, shown } = await host(t);
  await step([bare]);
  const [good, bad] = [shares(["10.65.0.6"]), shares(["banana"])];
  const { changes, scripts } = await step([bare, ...bad, ...good]);
  assert.deepEqual(changes, [
    `create nft/inet share members4 ${shareOf("banana")} failed`,
    `create nft/inet share members4 ${shareOf("10.65.0.6")} done`,
  ]);
  assert.equal(scripts, 0);
  assert.ok((await shown()).includes("inet members4 { 10.65.0.6 }"));
});
