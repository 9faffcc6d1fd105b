import assert from "node:assert/strict";
import { test } from "node:test";
import { readDataCenter } from "./read.ts";
import { SAMPLE, SECOND, changed } from "./sample.ts";

function read(document: unknown) {
  const reading = readDataCenter(document);
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.value;
}

const GW = ["gateways", 0];

test("the guide's file gives the guide's networks, and a pool without the broadcast address", () => {
  const { networks, ranges, fabric, mtu } = read(SAMPLE);
  assert.deepEqual(networks.external, {
    name: "external",
    subnets: [
      { name: "external4", cidr: "172.18.208.0/24", gateway: "172.18.208.1", pools: [{ start: "172.18.208.2", end: "172.18.208.254" }] },
      {
        name: "external6",
        cidr: "2001:db8:a41:2::/64",
        gateway: "2001:db8:a41:2::1",
        pools: [{ start: "2001:db8:a41:2::2", end: "2001:db8:a41:2:ffff:ffff:ffff:fffe" }],
      },
    ],
  });
  assert.deepEqual(
    networks.internal.subnets.map(({ cidr }) => cidr),
    ["10.65.0.0/16", "2001:db8:a41:3::/64"],
  );
  assert.deepEqual(ranges.ipv6, { whole: "2001:db8:a41:2::/63", external: "2001:db8:a41:2::/64", internal: "2001:db8:a41:3::/64" });
  assert.equal(fabric.peering, "reflectors");
  assert.equal(mtu, 1500);
});

test("what is left out follows from the rest", () => {
  assert.equal(read(changed([["reflectors"], undefined])).fabric.peering, "direct");
  const spare = read(changed([["ranges", "public"], "203.0.113.0/24"]));
  assert.deepEqual(spare.lab, { outside4: "192.0.2.0/24", outside6: "2001:db8:feed::/64" });
});

test("names, gateway IPs and pools can be set, and name the subnets", () => {
  const set = { name: "inet", gateway4: "172.18.208.254", pools4: ["172.18.208.10-172.18.208.20", "172.18.208.30"] };
  const { external } = read(changed([["networks"], { external: set }])).networks;
  assert.deepEqual(external.subnets[0], {
    name: "inet4",
    cidr: "172.18.208.0/24",
    gateway: "172.18.208.254",
    pools: [
      { start: "172.18.208.10", end: "172.18.208.20" },
      { start: "172.18.208.30", end: "172.18.208.30" },
    ],
  });
  const moved = read(changed([["networks"], { external: { gateway4: "172.18.208.9" } }]));
  assert.deepEqual(moved.networks.external.subnets[0]?.pools, [
    { start: "172.18.208.1", end: "172.18.208.8" },
    { start: "172.18.208.10", end: "172.18.208.254" },
  ]);
});

test("a PNAT pool inside the public range is no VM's", () => {
  const { networks } = read(changed([[...GW, "pnat"], "172.18.208.100-172.18.208.101"]));
  assert.deepEqual(networks.external.subnets[0]?.pools, [
    { start: "172.18.208.2", end: "172.18.208.99" },
    { start: "172.18.208.102", end: "172.18.208.254" },
  ]);
});

test("a gateway without a spare address may translate into its own", () => {
  const own = changed(
    [[...GW, "upstream", "ipv4"], { address: "198.51.100.2/30", peer: "198.51.100.1" }],
    [[...GW, "pnat"], "198.51.100.2"],
  );
  assert.deepEqual(read(own).gateways[0]?.pnat, { start: "198.51.100.2", end: "198.51.100.2" });
});

test("two gateways may share a link, each with addresses of its own", () => {
  assert.equal(read(changed([["gateways", 1], SECOND])).gateways.length, 2);
});

test("the internal half of IPv6 can be kept in, or left out", () => {
  const kept = read(changed([["networks"], { internal: { ipv6: "unadvertised" } }]));
  assert.equal(kept.ranges.ipv6?.announced, "external half");
  assert.deepEqual(
    kept.networks.internal.subnets.map(({ name }) => name),
    ["internal4", "internal6"],
  );
  const without = read(changed([["networks"], { internal: { ipv6: "none" } }]));
  assert.deepEqual(
    without.networks.internal.subnets.map(({ name }) => name),
    ["internal4"],
  );
});
