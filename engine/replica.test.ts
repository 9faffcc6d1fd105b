import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FeedMessage, Group, ItemKey, SubnetFact } from "#core/feed/item.ts";
import { membersIn } from "#core/feed/members.ts";
import type { Ip } from "#core/net/address.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { replica } from "./replica.ts";
import type { Heard } from "./replica.ts";

const group = (id: string, stateful = true): FeedMessage => ({
  op: "put",
  key: `group/${id}`,
  value: { id, stateful, rules: [] } satisfies Group,
});
const member = (id: string, ip: string): FeedMessage => ({ op: "put", key: `member/${id} ${ip}`, value: { group_id: id, ip: ip as Ip } });
const subnet = (id: string, mtu: number): FeedMessage => ({
  op: "put",
  key: `subnet/${id}`,
  value: {
    id,
    network_id: "n",
    cidr: "10.0.0.0/24" as Cidr,
    gateway_ip: null,
    enable_dhcp: true,
    dns_nameservers: [],
    host_routes: [],
    ipv6_mode: null,
    mtu,
    dns_domain: "",
  } satisfies SubnetFact,
});
const gone = (key: ItemKey): FeedMessage => ({ op: "gone", key });
const synced = (revision: number): FeedMessage => ({ op: "synced", revision });

function heardOf(messages: readonly (FeedMessage | "connected")[]): Heard | undefined {
  const heard = replica();
  for (const message of messages) {
    if (message === "connected") heard.connected();
    else heard.message(message);
  }
  return heard.heard();
}

test("there is no view before the first synced, and none between two", () => {
  const views: Heard[] = [];
  const heard = replica((one) => views.push(one));
  heard.connected();
  heard.message(group("a"));
  assert.equal(heard.heard(), undefined);
  heard.message(synced(1));
  heard.message(group("b"));
  assert.deepEqual([...(heard.heard()?.view.groups.keys() ?? [])], ["a"]);
  heard.message(synced(2));
  assert.deepEqual(
    views.map(({ revision, view }) => [revision, ...view.groups.keys()]),
    [
      [1, "a"],
      [2, "a", "b"],
    ],
  );
});

test("after a reconnect what is not heard again is gone at synced, and not before", () => {
  const views: Heard[] = [];
  const heard = replica((one) => views.push(one));
  heard.connected();
  for (const message of [group("a"), group("b"), member("a", "10.0.0.1"), synced(1)]) heard.message(message);
  heard.connected();
  heard.message(group("b"));
  assert.deepEqual([...(heard.heard()?.view.groups.keys() ?? [])], ["a", "b"]);
  heard.message(synced(9));
  assert.deepEqual(views.at(-1), { revision: 9, view: heardOf([group("b"), synced(9)])?.view });
});

test("a view that was told stays as it is", () => {
  const heard = replica();
  for (const message of [member("a", "10.0.0.1"), subnet("s", 1500), synced(1)]) heard.message(message);
  const first = heard.heard()?.view;
  for (const message of [member("a", "10.0.0.2"), synced(2)]) heard.message(message);
  assert.deepEqual(first?.members, new Map([["a", membersIn(["10.0.0.1" as Ip])]]));
  assert.equal(heard.heard()?.view.subnets, first?.subnets);
});

test("what is told again as it was makes no part of the view another one", () => {
  const heard = replica();
  const all = [member("a", "10.0.0.1"), member("a", "10.0.0.2"), group("a"), subnet("s", 1500)];
  for (const message of [...all, synced(1)]) heard.message(message);
  const first = heard.heard()?.view;
  heard.connected();
  for (const message of [...all.toReversed(), synced(2)]) heard.message(message);
  const second = heard.heard()?.view;
  assert.deepEqual(
    [second?.members === first?.members, second?.groups === first?.groups, second?.subnets === first?.subnets],
    [true, true, true],
  );
});

test("a member that comes or goes leaves all but a few of its group's other members in the very sets that they were in", () => {
  const heard = replica();
  const ips = Array.from({ length: 5000 }, (_, n) => `10.1.${n >> 8}.${n & 255}`);
  for (const message of [...ips.map((ip) => member("a", ip)), synced(1)]) heard.message(message);
  const before = new Set(heard.heard()?.view.members.get("a")?.values());
  for (const message of [member("a", "10.9.9.9"), gone("member/a 10.1.0.7"), synced(2)]) heard.message(message);
  const after = [...(heard.heard()?.view.members.get("a")?.values() ?? [])];
  assert.equal(
    after.reduce((sum, set) => sum + set.size, 0),
    5000,
  );
  assert.ok(after.filter((set) => !before.has(set)).reduce((sum, set) => sum + set.size, 0) < 200);
});

test("many members in one message are as many messages", () => {
  const ips = ["10.0.0.1", "10.0.0.2", "::1"] as Ip[];
  const one = heardOf([...ips.map((ip) => member("a", ip)), gone("member/a ::1"), synced(1)]);
  const many = heardOf([{ op: "joined", group: "a", ips }, { op: "left", group: "a", ips: ["::1" as Ip] }, synced(1)]);
  assert.deepEqual(many, one);
  assert.deepEqual(heardOf([{ op: "left", group: "a", ips }, synced(1)])?.view.members, new Map());
});

const message: fc.Arbitrary<FeedMessage> = fc.oneof(
  fc.tuple(fc.constantFrom("a", "b", "c"), fc.boolean()).map(([id, stateful]) => group(id, stateful)),
  fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom("10.0.0.1", "::1")).map(([id, ip]) => member(id, ip)),
  fc
    .tuple(fc.constantFrom("joined", "left"), fc.constantFrom("a", "b"), fc.subarray(["10.0.0.1", "10.0.0.2", "::1"]))
    .map(([op, id, ips]) => ({ op, group: id, ips: ips as Ip[] })),
  fc.tuple(fc.constantFrom("s", "t"), fc.constantFrom(1400, 1500)).map(([id, mtu]) => subnet(id, mtu)),
  fc.constantFrom<ItemKey>("group/a", "group/b", "member/a 10.0.0.1", "subnet/s", "endpoint/never").map(gone),
);

test("invariant 8: however often the feed repeats, breaks off and starts anew, the last round decides", () => {
  const round = fc.array(message, { maxLength: 12 });
  const broken = fc.array(fc.tuple(round, fc.boolean()), { maxLength: 5 });
  fc.assert(
    fc.property(broken, round, fc.array(round, { maxLength: 3 }), (rounds, last, differences) => {
      const before = rounds.flatMap(([messages, whole]) => ["connected" as const, ...messages, ...(whole ? [synced(1)] : [])]);
      const end = [...last, synced(2), ...differences.flatMap((difference) => [...difference, synced(3)])];
      const twice = end.flatMap((one) => [one, one]);
      const plain = heardOf(end)?.view;
      assert.deepEqual(heardOf([...before, "connected", ...end])?.view, plain);
      assert.deepEqual(heardOf([...before, "connected", ...twice])?.view, plain);
    }),
  );
});
