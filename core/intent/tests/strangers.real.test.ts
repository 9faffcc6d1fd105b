/** What a VM might do to the host it is on, and what comes from where no VM is: with packets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hostSideMac, linkLocal } from "../../net/mac.ts";
import { addressed, host, outside, troubles } from "./bench.test.ts";
import { port, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"]);

test("a VM with ever new link-local addresses takes no room from the host's other neighbours", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const a = await h.guest(A);
  assert.deepEqual(troubles(await h.hold(viewOf([A]))), []);
  const router = `${linkLocal(hostSideMac(A.mac))}%eth0`;
  const ping = (n: number | string) => `ping -6 -q -n -c 1 -W 1 -I fe80::bad:${n}%eth0 ${router}`;
  await a.sh("for n in $(seq 1 60); do ip -6 addr add fe80::bad:$n/64 dev eth0 nodad; done");
  assert.ok(await a.can(ping(1)), "it may have more than one");
  await a.sh(`for n in $(seq 2 60); do ${ping("$n")} >/dev/null & done; wait`);
  const neighbours = Number(await h.sh(`ip -6 neigh show dev ${A.tap} | grep -c fe80::bad`));
  assert.ok(neighbours >= 8 && neighbours <= 16, `${neighbours} neighbours`);
  assert.ok(await a.can(ping(1)), "what was known goes on");
  assert.equal(await a.can(`${ping(60)} || ${ping(59)} || ${ping(58)}`), false, "what came last is not");
});

test("the addresses of VMs come from taps and the fabric: from a tap that was renamed they are nobody's", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const a = await h.guest(A);
  assert.deepEqual(troubles(await h.hold(viewOf([A]))), []);
  await addressed(a, A);
  const pings = ["ping -q -n -c 1 -W 1 203.0.113.10", "ping -6 -q -n -c 1 -W 1 2001:db8:ffff::10"];
  assert.ok(await a.can(pings[0] ?? ""));
  // Its routes are still there: whatever is sent would be answered.
  await h.sh(`ip link set ${A.tap} name vnet7`);
  for (const ping of pings) assert.equal(await a.can(ping), false, ping);
  assert.match(await h.sh("nft list chain inet margay refused-stranger"), /counter packets [1-9]/);
  await h.sh(`ip link set vnet7 name ${A.tap}`);
  assert.ok(await a.can(pings[0] ?? ""));
});
