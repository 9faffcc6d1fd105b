/** Address groups on a real kernel: prefixes of every kind come and go as elements, and with one go the flows that it allowed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nftables } from "#adapters/nft/nftables.ts";
import type { View } from "../../feed/item.ts";
import { nft } from "../../kinds/nft.ts";
import { diff } from "../../reconcile/diff.ts";
import { compileCompute } from "../compute.ts";
import { addressed, changed, ended, eventually, host, listens, outside, place, tcp, troubles } from "./bench.test.ts";
import { cidr, group, port, rule, uuid, viewOf } from "./sample-view.ts";

const OFFICES = uuid("off");
const byOffices = (family: 4 | 6) => rule("ingress", family, { protocol: 6, remote: { address_group: OFFICES } });
const OPEN = group("open", [rule("egress", 4), rule("egress", 6), rule("ingress", 4)]);
const WEB = group("web", [rule("egress", 4), byOffices(4), byOffices(6)]);

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"]);
const B = port(2, ["10.65.0.12", "2001:db8:a41:3::12"], { groups: [uuid("web")] });

const withOffices = (...prefixes: readonly string[]): View =>
  viewOf([A, B], { with: [OPEN, WEB], prefixes: new Map([[OFFICES, prefixes.map(cidr)]]) });

/** Edges of the address space, neighbours, and prefixes inside each other. */
const PREFIXES = [
  "0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 0.0.0.0/32 255.255.255.255/32 10.0.0.0/8 10.65.0.0/16 10.65.0.0/17",
  "10.65.128.0/17 10.65.0.10/31 10.65.0.10/32 10.65.0.11/32 224.0.0.0/4",
  "::/0 ::/1 8000::/1 ::/128 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 2001:db8::/32 2001:db8:a41:3::/64",
  "2001:db8:a41:3::/127 2001:db8:a41:3::1/128 ::ffff:0:0/96 ::ffff:10.1.2.3/128",
].flatMap((line) => line.split(" "));

test("whatever prefixes a group has after whatever others, nft takes them, and tells them back", async (t) => {
  const { run, kernel } = await place(t);
  const driver = nftables({ run, ...kernel });
  await fc.assert(
    fc.asyncProperty(fc.subarray(PREFIXES), async (prefixes) => {
      const want = compileCompute(withOffices(...prefixes), "h1").nft.map(({ value }) => value);
      const changes = diff(nft, want, await driver.list(want), { prune: true });
      for (const [at, outcome] of (await driver.apply(changes)).entries())
        assert.equal(outcome.state, "done", `${JSON.stringify(changes[at])}: ${JSON.stringify(outcome)}`);
      assert.deepEqual(diff(nft, want, await driver.list(want), { prune: true }), []);
    }),
    { numRuns: 40 },
  );
});

test("a prefix opens and closes, changes nothing but a set, and takes its flows along", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const [a, b] = [await h.guest(A), await h.guest(B)];
  assert.deepEqual(troubles(await h.hold(withOffices("192.0.2.0/24"))), []);
  await addressed(a, A);
  await addressed(b, B);
  await listens(b, 22);
  assert.equal(await a.can(tcp("10.65.0.12", 22)), false);

  const set = (family: 4 | 6) => `replace nft/inet set addresses${family}-${OFFICES}`;
  assert.deepEqual(changed(await h.hold(withOffices("192.0.2.0/24", "10.65.0.11/32"))), [set(4)]);
  assert.ok(await a.can(tcp("10.65.0.12", 22)));
  assert.equal(await a.can(tcp("2001:db8:a41:3::12", 22)), false, "the other family is not open");

  const wider = ["192.0.2.0/24", "10.65.0.11/32", "10.65.0.0/24", "2001:db8:a41:3::/64"];
  assert.deepEqual(changed(await h.hold(withOffices(...wider))).toSorted(), [set(4), set(6)]);
  assert.ok(await a.can(tcp("10.65.0.12", 22)));
  assert.ok(await a.can(tcp("2001:db8:a41:3::12", 22)));

  const flow = a.start(["sh", "-c", "while sleep 0.1; do echo alive; done | socat -u - TCP:10.65.0.12:22"]);
  const assured = "conntrack -L -p tcp --dport 22 2>/dev/null | grep -q ESTABLISHED.*ASSURED";
  await eventually("a flow", () => h.can(assured));
  await h.hold(withOffices(...wider, "203.0.113.0/24"));
  assert.ok(await h.can(assured), "a prefix more cuts nothing");
  await h.hold(withOffices("192.0.2.0/24"));
  await eventually("its flow is cut", () =>
    h.can("conntrack -L -p tcp --dport 22 -m 0x80000000/0x80000000 2>/dev/null | grep -q ESTABLISHED"),
  );
  assert.equal(await a.can(tcp("10.65.0.12", 22)), false);
  await ended(flow);
});
