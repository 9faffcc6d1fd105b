/** What the programs printed (iproute2 6.1, nft 1.0.6, Linux 6.18), and what we make of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Cidr } from "../net/prefix.ts";
import { addressGoneLine, addressLine, readTapAddresses } from "./address-text.ts";
import { METADATA6 } from "./address.ts";
import { readBatchFailures } from "./ip-batch.ts";
import { addressLines, linksOf, readLinks } from "./link-text.ts";
import { neighbourGoneLine, neighbourLine, readNeighbours } from "./neighbour-text.ts";
import { readProcessStat } from "./proc-stat.ts";
import { readRoutes, routeGoneLine, routeLine } from "./route-text.ts";

test("routes are read as iproute2 prints them, unreachable ones in both families", () => {
  const four = JSON.parse(
    '[{"type":"unreachable","dst":"10.65.0.0/16","metric":4096,"flags":[]},{"dst":"10.65.0.5","dev":"tap1","scope":"link","metric":1024,"flags":["linkdown"]}]',
  );
  assert.deepEqual(readRoutes(four), [
    { prefix: "10.65.0.0/16", to: "unreachable", metric: 4096, after: [] },
    { prefix: "10.65.0.5/32", to: { dev: "tap1" }, metric: 1024, after: [] },
  ]);
  const six = JSON.parse(
    `[{"dst":"2001:db8::5","dev":"tap1","metric":1024,"flags":["linkdown"],"pref":"medium"},
      {"type":"unreachable","dst":"2001:db8::/63","dev":"lo","metric":4096,"flags":[],"pref":"medium"}]`,
  );
  assert.deepEqual(readRoutes(six), [
    { prefix: "2001:db8::5/128", to: { dev: "tap1" }, metric: 1024, after: [] },
    { prefix: "2001:db8::/63", to: "unreachable", metric: 4096, after: [] },
  ]);
});

test("a route that somebody sent elsewhere under our mark is like none of ours", () => {
  const [via] = readRoutes([{ dst: "default", gateway: "192.0.2.1", dev: "eth0", metric: 3 }]);
  assert.deepEqual(via, { prefix: "0.0.0.0/0", to: { dev: 'eth0 gateway "192.0.2.1"' }, metric: 3, after: [] });
});

test("routes of other tables are none of ours; the widest prefix is told by its family", () => {
  const printed = [
    { dst: "10.0.0.1", dev: "tap1", table: "100", flags: [] },
    { type: "unreachable", dst: "default", dev: "lo", metric: 1, pref: "medium" },
  ];
  assert.deepEqual(readRoutes(printed), [{ prefix: "::/0", to: "unreachable", metric: 1, after: [] }]);
});

test("output of another shape is refused in words", () => {
  assert.throws(() => readRoutes({}), /ip route printed no list/);
  assert.throws(() => readRoutes([{ dst: "banana" }]), /ip route printed the destination banana/);
  assert.throws(() => readNeighbours([{ dst: "10.0.0.1", dev: "tap1" }]), /no lladdr/);
});

test("routes and neighbours are written as lines that iproute2 reads", () => {
  const own = { prefix: "10.65.0.5/32" as Cidr, to: { dev: "tap1" }, metric: 1024, after: [] };
  assert.equal(routeLine(own), "route replace 10.65.0.5/32 dev tap1 scope link proto 88 metric 1024");
  assert.equal(routeGoneLine(own), "route del 10.65.0.5/32 proto 88 metric 1024");
  assert.equal(routeLine({ ...own, prefix: "2001:db8::5/128" as Cidr }), "route replace 2001:db8::5/128 dev tap1 proto 88 metric 1024");
  assert.equal(routeLine({ ...own, to: "unreachable" }), "route replace unreachable 10.65.0.5/32 proto 88 metric 1024");
  const neighbour = { dev: "tap1", ip: "10.65.0.5" as Ip, lladdr: "fa:16:3e:00:00:01" as Mac };
  assert.equal(neighbourLine(neighbour), "neigh replace 10.65.0.5 dev tap1 lladdr fa:16:3e:00:00:01 nud permanent protocol 88");
  assert.equal(neighbourGoneLine(neighbour), "neigh del 10.65.0.5 dev tap1");
});

test("neighbours are read as iproute2 prints them", () => {
  const printed = JSON.parse('[{"dst":"2001:db8::5","dev":"tap1","lladdr":"fa:16:3e:00:00:01","state":["PERMANENT"],"protocol":"88"}]');
  assert.deepEqual(readNeighbours(printed), [{ dev: "tap1", ip: "2001:db8::5", lladdr: "fa:16:3e:00:00:01" }]);
});

test("the batch's failures are told by line, with the program's own words", () => {
  const said = 'Cannot find device "tap9"\nCommand failed -:5\nRTNETLINK answers: No such process\nCommand failed -:6\n';
  assert.deepEqual(
    [...readBatchFailures(said)],
    [
      [5, 'Cannot find device "tap9"'],
      [6, "RTNETLINK answers: No such process"],
    ],
  );
  assert.equal(readBatchFailures("").size, 0);
});

const LINKS = JSON.parse(`[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK"],"operstate":"DOWN","addr_info":[]},
  {"ifindex":2,"ifname":"margay0","flags":["BROADCAST","NOARP","UP","LOWER_UP"],"addr_info":[
    {"family":"inet6","local":"2001:db8::1","prefixlen":64,"scope":"global","nodad":true,"noprefixroute":true},
    {"family":"inet","local":"10.65.0.1","prefixlen":16,"scope":"global","noprefixroute":true,"label":"margay0"},
    {"family":"inet6","local":"fe80::58c8:ebff:fe4b:c4af","prefixlen":64,"scope":"link"}]},
  {"ifindex":3,"ifname":"tap1","flags":["NO-CARRIER","BROADCAST","MULTICAST","UP"],"addr_info":[]},
  {"ifindex":4,"ifname":"tap2","flags":["BROADCAST"],"addr_info":[]}]`);

test("links that are up and wanted are facts; our own carry their addresses, sorted, without the kernel's", () => {
  const addresses = [
    { ip: "10.65.0.1", length: 16 },
    { ip: "2001:db8::1", length: 64 },
  ] as const;
  assert.deepEqual(linksOf(readLinks(LINKS), [{ name: "tap1" }, { name: "tap2" }, { name: "tap3" }]), [
    { name: "margay0", own: { addresses } },
    { name: "tap1" },
  ]);
});

test("a wanted link of ours that is down is not there yet; an unwanted one is there to be deleted", () => {
  const down = [{ name: "margay1", up: false, addresses: [] }];
  assert.deepEqual(linksOf(down, [{ name: "margay1", own: { addresses: [] } }]), []);
  assert.deepEqual(linksOf(down, []), [{ name: "margay1", own: { addresses: [] } }]);
});

test("addresses come off before others go on, none with a route of its own", () => {
  const [one, two, six] = [
    { ip: "10.65.0.1" as Ip, length: 16 },
    { ip: "10.66.0.1" as Ip, length: 16 },
    { ip: "2001:db8::1" as Ip, length: 64 },
  ];
  assert.deepEqual(addressLines("margay0", [two, six], [one, two]), [
    "addr del 10.65.0.1/16 dev margay0",
    "link set margay0 up",
    "addr add 2001:db8::1/64 dev margay0 noprefixroute nodad",
  ]);
});

test("a process's stat line is read although its name holds spaces and parentheses", () => {
  const line = "5123 (a) R (b) S 1 5123 5123 0 -1 4194304 210 0 0 0 0 0 0 0 20 0 1 0 174261 8990720 400 18446744073709551615\n";
  assert.deepEqual(readProcessStat(line), { state: "S", startTime: "174261" });
  assert.equal(readProcessStat("nothing"), undefined);
});

test("of all addresses, the one that we put on taps is ours", () => {
  const info = (local: string) => ({ family: "inet6", local, prefixlen: 128, scope: "link" });
  const printed = [
    { ifname: "tap1", addr_info: [info("fe80::a9fe:a9fe"), info("fe80::fc16:3eff:fe00:1")] },
    { ifname: "eth0", addr_info: [info("fe80::a9fe:a9fe")] },
    { ifname: "tap2", addr_info: [] },
    {},
  ];
  const ours = { dev: "tap1", ip: METADATA6 };
  assert.deepEqual(readTapAddresses(printed), [ours]);
  assert.equal(addressLine(ours), "addr replace fe80::a9fe:a9fe/128 dev tap1 nodad noprefixroute preferred_lft 0");
  assert.equal(addressGoneLine(ours), "addr del fe80::a9fe:a9fe/128 dev tap1");
});
