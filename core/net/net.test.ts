import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { bitsOf, compareIp, ipOf, readIp } from "./address.ts";
import type { Ip } from "./address.ts";
import { eui64, hostSideMac, linkLocal, readMac } from "./mac.ts";
import type { Mac } from "./mac.ts";
import { addressAt, contains, covers, firstOf, halvesOf, hostPrefix, lastOf, overlaps, readCidr, readInterfaceAddress } from "./prefix.ts";
import type { Cidr } from "./prefix.ts";

test("readIp() gives the canonical text of both families", () => {
  for (const [text, want] of [
    ["10.0.0.5", "10.0.0.5"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::", "::"],
    ["1::", "1::"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"],
    ["1:0:0:2:0:0:3:4", "1::2:0:0:3:4"],
    ["1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8"],
  ] as const)
    assert.equal(readIp(text), want);
});

test("readIp() refuses what another reader would take for something else", () => {
  for (const text of [
    "",
    "10.0.0",
    "010.0.0.1",
    "0x0a000001",
    "10.0.0.256",
    "10.0.0.1 ",
    "fe80::1%eth0",
    ":::",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1.2.3.4::",
  ])
    assert.equal(readIp(text), undefined, text);
});

test("readIp() agrees with the platform on what is an address", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
      if (text.includes("%")) return;
      assert.equal(readIp(text) !== undefined, isIPv4(text) || isIPv6(text));
    }),
  );
});

test("ipOf() undoes bitsOf()", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const ip = readIp(text);
      if (ip === undefined) return;
      assert.equal(ipOf(ip.includes(":") ? 6 : 4, bitsOf(ip)), ip);
      assert.equal(readIp(ip), ip);
    }),
  );
});

test("prefixes contain, cover, overlap and halve", () => {
  const wide = readCidr("2001:db8:a41:2::/63") as Cidr;
  assert.deepEqual(halvesOf(wide), ["2001:db8:a41:2::/64", "2001:db8:a41:3::/64"]);
  assert.equal(halvesOf(readCidr("10.0.0.1/32") as Cidr), undefined);
  assert.equal(readCidr("10.9.0.5/24"), "10.9.0.0/24");
  for (const text of ["10.0.0.0/33", "10.0.0.0", "10.0.0.0/08", "10.0.0.0/8/8", "x/8", "::/129"])
    assert.equal(readCidr(text), undefined, text);
  const lan = readCidr("10.65.0.0/16") as Cidr;
  assert.equal(lastOf(lan), "10.65.255.255");
  assert.equal(firstOf(lan), "10.65.0.0");
  assert.equal(addressAt(lan, 258n), "10.65.1.2");
  assert.ok(contains(lan, "10.65.3.4" as Ip) && !contains(lan, "10.66.0.0" as Ip) && !contains(lan, "::" as Ip));
  assert.ok(covers(lan, hostPrefix("10.65.3.4" as Ip)) && !covers(hostPrefix("10.65.3.4" as Ip), lan));
  assert.ok(overlaps(hostPrefix("10.65.3.4" as Ip), lan) && !overlaps(wide, lan));
  assert.deepEqual(readInterfaceAddress("192.0.2.1/24"), { ip: "192.0.2.1", length: 24 });
});

test("compareIp() orders by family, then by number", () => {
  const sorted = ["10.0.0.2", "::1", "9.0.0.1", "10.0.0.10"].map((text) => text as Ip).toSorted(compareIp);
  assert.deepEqual(sorted, ["9.0.0.1", "10.0.0.2", "10.0.0.10", "::1"]);
});

test("MACs are read in every customary shape, and give the addresses that a kernel gives", () => {
  for (const text of ["FA:16:3E:00:00:3C", "fa-16-3e-00-00-3c", "fa16.3e00.003c", "fa163e00003c"])
    assert.equal(readMac(text), "fa:16:3e:00:00:3c");
  for (const text of ["zz", "fa:16:3e:00:00", "fa:16:3e:00:00:3c:00", "fa:16-3e:00:00:3c"]) assert.equal(readMac(text), undefined);
  const vm = "fa:16:3e:00:00:3c" as Mac;
  assert.equal(hostSideMac(vm), "fe:16:3e:00:00:3c");
  assert.equal(linkLocal(hostSideMac(vm)), "fe80::fc16:3eff:fe00:3c");
  assert.equal(eui64("2001:db8:a41:3::/64" as Cidr, vm), "2001:db8:a41:3:f816:3eff:fe00:3c");
});
