/** What the daemons say, as they say it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { birdStates, birdTold } from "./bird/live.ts";
import { frrStates, frrTold } from "./frr/live.ts";

test("BIRD: prefixes at the beginning of a line, whatever follows; states of BGP alone", () => {
  const routes = [
    "BIRD 2.0.12 ready.",
    "Access restricted",
    "Table master4:",
    "172.18.208.208/32    unicast [kernel4 14:36:20.052] * (201)",
    "\tdev tap9287296d-23",
    "                     unicast [host:h2 14:36:20.052] (100) [i]",
    "",
    "Table master6:",
    "2001:db8:a41:3:cf2c:256c:ba8d:7e7/128 unicast [kernel6 14:36:19.978] * (201)",
    "::/0                 unreachable [default6 14:36:19.978] * (200)",
  ];
  assert.deepEqual(birdTold(routes.join("\n")), ["172.18.208.208/32", "2001:db8:a41:3:cf2c:256c:ba8d:7e7/128", "::/0"]);
  const protocols = [
    "Name       Proto      Table      State  Since         Info",
    "device1    Device     ---        up     14:36:04.499  ",
    "reflector:rr1 BGP        ---        up     14:36:08.186  Established   ",
    "upstream4  BGP        ---        start  14:36:08.186  Active        Socket: Connection refused",
    "upstream6  BGP        ---        down   14:36:08.186  ",
  ];
  assert.deepEqual(
    [...birdStates(protocols.join("\n"))],
    [
      ["reflector:rr1", "Established"],
      ["upstream4", "Active"],
      ["upstream6", "down"],
    ],
  );
});

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
