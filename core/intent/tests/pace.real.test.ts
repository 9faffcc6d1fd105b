/** Limits of packets and bytes, real: what comes faster than it may is dropped, in each direction by itself, as soon as it is said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../feed/item.ts";
import { addressed, changed, eventually, host, outside, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import { port, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"]);
const B = port(2, ["10.65.0.12", "2001:db8:a41:3::12"]);
const PACKETS = 20_000;

/** Sent as fast as the guest can: a fraction of a second. */
function flood(from: Place): Promise<string> {
  return from.sh(`head -c ${PACKETS * 100} /dev/zero | socat -b100 -u - UDP4-SENDTO:10.65.0.12:9 || true`);
}

/** How many packets the limits of a direction have dropped so far. */
async function dropped(h: Host, direction: "egress" | "ingress"): Promise<number> {
  const text = await h.sh("nft list table inet margay");
  const chains = [...text.matchAll(new RegExp(`chain pace-${direction}-\\S+ \\{([^}]*)\\}`, "g"))].map(([, rules = ""]) => rules);
  return chains.flatMap((rules) => [...rules.matchAll(/counter packets (\d+)/g)]).reduce((sum, [, count]) => sum + Number(count), 0);
}

const limited = (endpoint: Endpoint, ...limits: Endpoint["limits"]): Endpoint => ({ ...endpoint, limits });

test("what comes faster than it may is dropped, and only while that is said", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const [a, b] = [await h.guest(A), await h.guest(B)];
  const slow = limited(A, { direction: "egress", unit: "packets", per_second: 1000, burst: 100 });
  assert.deepEqual(troubles(await h.hold(viewOf([slow, B]))), []);
  await addressed(a, A);
  await addressed(b, B);
  assert.ok(await a.can("ping -q -c 3 -i 0.2 -W 1 10.65.0.12"), "slow traffic passes");
  await flood(a);
  const sent = await dropped(h, "egress");
  assert.ok(sent > PACKETS / 2, `${sent} of ${PACKETS} packets were dropped`);

  const heavy = limited(B, { direction: "ingress", unit: "bytes", per_second: 125_000, burst: 65_536 });
  const result = await h.hold(viewOf([A, heavy]));
  assert.deepEqual(troubles(result), []);
  assert.equal(await dropped(h, "egress"), 0, "the former limit is gone");
  await flood(a);
  const received = await dropped(h, "ingress");
  assert.ok(received > PACKETS / 2, `${received} of ${PACKETS} packets were dropped`);
  assert.ok(await a.can("ping -q -c 3 -i 0.2 -W 1 10.65.0.12"));
  assert.deepEqual(changed(await h.hold(viewOf([A, heavy]))), [], "a second round finds nothing to do");
});

test("one connection gets what its limit says, and no more than that and a burst, as soon as it is said", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const [a, b] = [await h.guest(A), await h.guest(B)];
  assert.deepEqual(troubles(await h.hold(viewOf([A, B]))), []);
  await addressed(a, A);
  await addressed(b, B);
  /** Bytes a second, and for how long: what the sender has written when it ends is still on its way. */
  const sent = async () => {
    const heard = b.sh("timeout 20 socat -u TCP4-LISTEN:9,reuseaddr STDOUT | wc -c");
    await eventually("a listener", () => b.can("ss -ltnH | grep -q :9"));
    const from = performance.now();
    await a.sh("timeout 3 socat -u /dev/zero TCP4:10.65.0.12:9 || true");
    const bytes = Number(await heard);
    const seconds = (performance.now() - from) / 1000;
    return { speed: bytes / seconds, seconds };
  };
  for (const [direction, mbit] of [
    ["egress", 10],
    ["ingress", 10],
    ["egress", 100],
    ["ingress", 100],
  ] as const) {
    const rate = mbit * 125_000;
    const limit = { direction, unit: "bytes", per_second: rate, burst: 0.8 * rate } as const;
    const paced = direction === "egress" ? [limited(A, limit), B] : [A, limited(B, limit)];
    assert.deepEqual(troubles(await h.hold(viewOf(paced))), []);
    const { speed, seconds } = await sent();
    const [share, burst] = [speed / rate, 1 / seconds];
    t.diagnostic(`${direction} at ${mbit} Mbit/s: ${Math.round(100 * share)} %, of which the burst may be ${Math.round(100 * burst)} %`);
    assert.ok(share > 0.85 && share < 1.05 + burst, `${share} of what it may`);
  }
  assert.deepEqual(troubles(await h.hold(viewOf([A, B]))), []);
  assert.ok((await sent()).speed > 2 * 12_500_000, "no limit is left");
});
