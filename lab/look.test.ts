import assert from "node:assert/strict";
import { test } from "node:test";
import { readHeard } from "./look.ts";

test("what BIRD says it has heard: prefixes, who told, and the AS they come from", () => {
  const text = `BIRD 2.0.12 ready.
Table master4:
172.18.208.0/24      unicast [customer4:gw1 06:25:12.185] * (100) [AS64512i]
	via 198.51.100.2 on uplinks
                     unicast [customer4:gw2 06:25:12.190] (100) [AS64512i]
	via 198.51.100.3 on uplinks

Table master6:
2001:db8:a41:2::/63  unicast [customer6:gw1 06:25:13.001] * (100) [AS64512i]
	via 2001:db8:ffff::2 on uplinks
`;
  assert.deepEqual(readHeard(text), [
    { prefix: "172.18.208.0/24", session: "customer4:gw1", origin: "64512" },
    { prefix: "172.18.208.0/24", session: "customer4:gw2", origin: "64512" },
    { prefix: "2001:db8:a41:2::/63", session: "customer6:gw1", origin: "64512" },
  ]);
  assert.deepEqual(readHeard("BIRD 2.0.12 ready.\n"), []);
});
