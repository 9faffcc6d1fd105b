/** Limits of packets and bytes, real: what comes faster than it may is dropped, in each direction by itself, as soon as it is said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../feed/item.ts";
import { addressed, changed, host, outside, troubles } from "./bench.test.ts";
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
