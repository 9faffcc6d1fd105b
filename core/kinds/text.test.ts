/** What the system tells (Linux 6.18), and what we make of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ip } from "../net/address.ts";
import { addressChanges, linksOf } from "./link-state.ts";
import { readProcessStat } from "./proc-stat.ts";

const [one, two, six] = [
  { ip: "10.65.0.1" as Ip, length: 16 },
  { ip: "10.66.0.1" as Ip, length: 16 },
  { ip: "2001:db8::1" as Ip, length: 64 },
];

test("links that are up and wanted are facts; our own carry their addresses, sorted", () => {
  const states = [
    { name: "lo", index: 1, up: true, addresses: [] },
    { name: "margay0", index: 2, up: true, addresses: [six, one] },
    { name: "tap1", index: 3, up: true, addresses: [] },
    { name: "tap2", index: 4, up: false, addresses: [] },
  ];
  assert.deepEqual(linksOf(states, [{ name: "tap1" }, { name: "tap2" }, { name: "tap3" }]), [
    { name: "margay0", index: 2, own: { addresses: [one, six] } },
    { name: "tap1", index: 3 },
  ]);
});

test("a wanted link of ours that is down is not there yet; an unwanted one is there to be deleted", () => {
  const down = [{ name: "margay1", index: 7, up: false, addresses: [] }];
  assert.deepEqual(linksOf(down, [{ name: "margay1", own: { addresses: [] } }]), []);
  assert.deepEqual(linksOf(down, []), [{ name: "margay1", index: 7, own: { addresses: [] } }]);
});

test("addresses that stand as they are wanted stay", () => {
  assert.deepEqual(addressChanges([two, six], [one, two]), { gone: [one], more: [six] });
});

test("a process's stat line is read although its name holds spaces and parentheses", () => {
  const line = "5123 (a) R (b) S 1 5123 5123 0 -1 4194304 210 0 0 0 0 0 0 0 20 0 1 0 174261 8990720 400 18446744073709551615\n";
  assert.deepEqual(readProcessStat(line), { state: "S", startTime: "174261", session: 5123 });
  assert.equal(readProcessStat("nothing"), undefined);
});
