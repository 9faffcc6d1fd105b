import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { memoryStore } from "#contracts/store.fake.ts";
import { bitsOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { HEAD, signedHead } from "./head.ts";
import { load } from "./present.ts";
import type { Advance } from "./present.ts";

test("what others commit reaches the state, the listeners and the head, in order", async () => {
  const store = memoryStore();
  await store.commit({
    if: [],
    writes: [
      { key: "quota/p", value: '{"port":1}' },
      { key: "head", value: "{}" },
    ],
  });
  const present = await load(store, new Cloud());
  const [start, told] = [present.head(), [] as Advance[]];
  present.listen((advance) => told.push(advance));
  const other = present.headOtherThan(start);
  const revision = await store.commit({
    if: [],
    writes: [{ key: "quota/p" }, { key: "quota/q", value: '{"port":2}' }, { key: "head", value: "{}" }],
  });
  await other;
  assert.deepEqual(told, [
    {
      revision,
      changes: [
        { key: "quota/p", before: { port: 1 }, after: undefined },
        { key: "quota/q", before: undefined, after: { port: 2 } },
      ],
      ours: false,
    },
  ]);
  assert.deepEqual([present.revision(), present.head()], [revision, revision]);
  assert.deepEqual([present.state.get("quota", "p"), present.state.get("quota", "q")], [undefined, { port: 2 }]);
  assert.deepEqual([...present.rows()], [["quota/q", { port: 2 }]]);
});

test("a batch of our own is known by what it is signed with, however it is told of", async () => {
  const store = memoryStore();
  const presents = await Promise.all(["one", "two"].map((self) => load(store, new Cloud(), self)));
  const heard = presents.map(({ listen }) => {
    const ours: boolean[] = [];
    listen((advance) => ours.push(advance.ours));
    return ours;
  });
  await store.commit({
    if: [],
    writes: [
      { key: "quota/p", value: "{}" },
      { key: HEAD, value: signedHead("one") },
    ],
  });
  await turn();
  assert.deepEqual(heard, [[true], [false]]);
});

test("once stopped it hears of nothing", async () => {
  const store = memoryStore();
  const present = await load(store, new Cloud());
  present.stop();
  await store.commit({ if: [], writes: [{ key: "quota/p", value: "{}" }] });
  await turn();
  assert.equal(present.rows().size, 0);
});

test("a store that holds something else than rows is not taken for a cloud", async () => {
  for (const [key, value] of [
    ["quota/p", "1"],
    ["quota/p", "null"],
    ["weather/1", "{}"],
  ] as const) {
    const store = memoryStore();
    await store.commit({ if: [], writes: [{ key, value }] });
    await assert.rejects(load(store, new Cloud()), new RegExp(key.split("/")[0] ?? ""));
  }
});

const IPS = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"] as const;
/** Which port has which address: each address has one port, but from one such state to the next they may go round. */
const owners = fc.array(fc.constantFrom("a", "b", "c", undefined), { minLength: 4, maxLength: 4 });

function portsOf(owners: readonly (string | undefined)[]): Map<string, object> {
  const ports = new Map<string, object>();
  for (const id of new Set(owners.filter((owner) => owner !== undefined))) {
    const fixed_ips = IPS.filter((_, n) => owners[n] === id).map((ip_address) => ({ subnet_id: "s", ip_address }));
    ports.set(id, { id, fixed_ips, security_groups: [`group-${fixed_ips.length}`], "binding:host_id": "" });
  }
  return ports;
}

function addressesIn(cloud: Cloud) {
  const free = IPS.map((ip) => cloud.addresses.nextFree(4, bitsOf(ip as Ip)));
  return {
    owners: IPS.map((ip) => cloud.addresses.ownerOf(ip as Ip)),
    free,
    groups: [1, 2, 3, 4].map((n) => cloud.count("port", "security_groups", `group-${n}`)),
  };
}

test("the cloud depends on the last row of each key, in whatever order the rows of a commit come", () => {
  fc.assert(
    fc.property(owners, owners, fc.shuffledSubarray(["a", "b", "c"], { minLength: 3 }), (before, after, order) => {
      const [changed, loaded] = [new Cloud(), new Cloud()];
      for (const [id, row] of portsOf(before)) changed.apply(`port/${id}`, row);
      for (const id of order) changed.apply(`port/${id}`, portsOf(after).get(id));
      for (const [id, row] of portsOf(after)) loaded.apply(`port/${id}`, row);
      assert.deepEqual(addressesIn(changed), addressesIn(loaded));
      assert.deepEqual(addressesIn(loaded).owners, after);
    }),
  );
});
