/** What FRR says, as it says it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { frrStates, frrTold } from "./live.ts";

test("FRR: keys of what is advertised, and nothing of a session that is down", () => {
  const route = { addrPrefix: "172.18.208.0", prefixLen: 24, network: "172.18.208.0/24", nextHop: "0.0.0.0" };
  assert.deepEqual(frrTold(JSON.stringify({ bgpTableVersion: 8, advertisedRoutes: { "172.18.208.0/24": route }, totalPrefixCounter: 1 })), [
    "172.18.208.0/24",
  ]);
  assert.deepEqual(frrTold("{}"), []);
  assert.throws(() => frrTold("% No such neighbor"));
  const summary = {
    ipv4Unicast: { as: 64512, peers: { "198.51.100.1": { state: "Established" } } },
    ipv6Unicast: { peers: { "2001:db8:ffff::1": { state: "Active" } } },
  };
  assert.deepEqual(
    [...frrStates(JSON.stringify(summary))],
    [
      ["198.51.100.1", "Established"],
      ["2001:db8:ffff::1", "Active"],
    ],
  );
});
