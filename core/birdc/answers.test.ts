/** What BIRD says, as it says it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readBgpProtocols, readPrefixes } from "./answers.ts";

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
  assert.deepEqual(readPrefixes(routes.join("\n")), ["172.18.208.208/32", "2001:db8:a41:3:cf2c:256c:ba8d:7e7/128", "::/0"]);
  const protocols = [
    "Name       Proto      Table      State  Since         Info",
    "device1    Device     ---        up     14:36:04.499  ",
    "reflector:rr1 BGP        ---        up     14:36:08.186  Established   ",
    "upstream4  BGP        ---        start  14:36:08.186  Active        Socket: Connection refused",
    "upstream6  BGP        ---        down   14:36:08.186  ",
  ];
  assert.deepEqual(
    readBgpProtocols(protocols.join("\n")).map(({ name, established, state, info }) => [name, established, state, info]),
    [
      ["reflector:rr1", true, "Established", "Established"],
      ["upstream4", false, "Active", "Active        Socket: Connection refused"],
      ["upstream6", false, "down", ""],
    ],
  );
});
