/** Who is here, while addresses are on their way from one port to another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint, View } from "#core/feed/item.ts";
import { callerAt } from "#core/metadata/caller.ts";
import type { Finished } from "#engine/host-loop.ts";
import { knownHere } from "./metadata.ts";

const endpoint = (n: number, ...addresses: readonly string[]) =>
  ({
    port_id: `p${n}`,
    host: "h1",
    tap: `tap${n}`,
    addresses: addresses.map((ip) => ({ ip, subnet_id: "s" })),
    floating: [],
    pairs: [],
    admin_state_up: true,
    instance: { id: `server-${n}`, project: "p" },
  }) as unknown as Endpoint;
const viewOf = (...endpoints: readonly Endpoint[]) =>
  ({ endpoints: new Map(endpoints.map((each) => [each.port_id, each])) }) as unknown as View;
const news = (...undone: readonly string[]) =>
  ({ news: undone.map((ref) => ({ ref, outcome: { state: "failed", reason: "busy" } })) }) as unknown as Finished["result"];

function host() {
  let told: View | undefined;
  const { finished, callers } = knownHere("h1", () => told);
  const seen = (peer: string) => {
    const here = callers();
    return here && callerAt(here, peer)?.instance?.id;
  };
  return {
    tell: (view: View | undefined) => (told = view),
    finish: (view: View, result = news()) => finished({ plan: { view }, result }),
    seen,
  };
}

test("nobody is known before the first round, and what is remembered counts while nothing is told", () => {
  const { tell, finish, seen } = host();
  assert.equal(seen("10.65.0.5"), undefined);
  tell(viewOf(endpoint(1, "10.65.0.5")));
  assert.equal(seen("10.65.0.5"), undefined);
  tell(undefined);
  finish(viewOf(endpoint(1, "10.65.0.5")));
  assert.deepEqual([seen("10.65.0.5"), seen("fe80::1%tap1")], ["server-1", "server-1"]);
});

test("an address that goes from one port to another is nobody's until the host has it so", () => {
  const { tell, finish, seen } = host();
  const [before, after] = [viewOf(endpoint(1, "10.65.0.5"), endpoint(2)), viewOf(endpoint(1), endpoint(2, "10.65.0.5"))];
  tell(before);
  finish(before);
  assert.equal(seen("10.65.0.5"), "server-1");
  tell(after);
  assert.equal(seen("10.65.0.5"), undefined);
  assert.deepEqual([seen("fe80::1%tap1"), seen("fe80::1%tap2")], ["server-1", "server-2"]);
  finish(after, news('nft/inet element callers "tap1" . 10.65.0.5'));
  assert.equal(seen("10.65.0.5"), undefined);
  finish(after);
  assert.equal(seen("10.65.0.5"), "server-2");
});

test("a port that has gone is not known, whatever the host still has of it", () => {
  const { tell, finish, seen } = host();
  const before = viewOf(endpoint(1, "10.65.0.5"));
  tell(before);
  finish(before);
  tell(viewOf());
  assert.deepEqual([seen("10.65.0.5"), seen("fe80::1%tap1")], [undefined, undefined]);
});
