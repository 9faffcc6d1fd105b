import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { readDataCenterFile, readDataCenterText } from "#adapters/yaml/datacenter-file.ts";
import { skeleton } from "./build.ts";
import { labNamed, machineNetns } from "./place.ts";
import { outsideHost, topologyOf } from "./topology.ts";
import type { Topology } from "./topology.ts";

async function example(name: string) {
  const reading = await readDataCenterFile(fileURLToPath(new URL(`../examples/${name}.yaml`, import.meta.url)));
  assert.ok(reading.ok);
  return reading.value;
}

const guide = () => example("guide");

/** `h1 fab0 - h1 fabric`, as a hand would note a cable. */
const cables = ({ cables: all }: Topology) => all.map(([one, other]) => `${one.node} ${one.dev} - ${other.dev} ${other.node}`);
const addresses = ({ nodes }: Topology, name: string) =>
  nodes.find((node) => node.name === name)?.addresses.map(({ dev, ip, length }) => `${dev} ${ip}/${length}`);

test("the guide's data centre: every machine on the switch, the gateway also at the provider, a host behind it", async () => {
  const center = await guide();
  const topology = topologyOf(center);
  assert.deepEqual(cables(topology), [
    "control fab0 - control fabric",
    "rr1 fab0 - rr1 fabric",
    "h1 fab0 - h1 fabric",
    "h2 fab0 - h2 fabric",
    "gw1 fab0 - gw1 fabric",
    "gw1 wan0 - gw1 provider",
    "outside eth0 - inet0 provider",
  ]);
  assert.deepEqual(addresses(topology, "gw1"), [
    "fab0 192.168.100.1/24",
    "fab0 2001:db8:a41:f::1/64",
    "wan0 198.51.100.2/28",
    "wan0 2001:db8:ffff::2/64",
  ]);
  assert.deepEqual(addresses(topology, "provider"), [
    "uplinks 198.51.100.1/28",
    "uplinks 2001:db8:ffff::1/64",
    "inet0 203.0.113.1/24",
    "inet0 2001:db8:feed::1/64",
  ]);
  assert.deepEqual(outsideHost(center.lab), { ipv4: "203.0.113.10", ipv6: "2001:db8:feed::a" });
  assert.ok(addresses(topology, "outside")?.includes("eth0 203.0.113.53/24"), "the declared name server is outside");
});

test("two gateways may share the provider's address", async () => {
  const center = await guide();
  const [first] = center.gateways;
  assert.ok(first);
  const topology = topologyOf({ ...center, gateways: [first, { ...first, name: "gw2" }] });
  assert.equal(addresses(topology, "provider")?.filter((line) => line.startsWith("uplinks")).length, 2);
  assert.ok(cables(topology).includes("gw2 wan0 - gw2 provider"));
});

test("a switch port's name fits the kernel's 15 characters", async () => {
  const center = await guide();
  const hosts = ["a-rather-long-host-name-1", "a-rather-long-host-name-2"].map((name) => ({ name }));
  const ports = topologyOf({ ...center, hosts })
    .cables.flat()
    .map(({ dev }) => dev);
  assert.ok(
    ports.every((dev) => dev.length <= 15),
    ports.join(" "),
  );
});

test("labs stand side by side: the default one has the short names", async () => {
  const topology = topologyOf(await guide());
  assert.equal(machineNetns(labNamed("demo"), "h1"), "mg-h1");
  assert.equal(machineNetns(labNamed("test"), "h1"), "mg-test-h1");
  const named = (name: string): readonly string[] => skeleton(labNamed(name), topology).match(/mg-\S+/g) ?? [];
  assert.deepEqual(
    named("demo").filter((netns) => named("test").includes(netns)),
    [],
  );
  for (const bad of ["", "A", "a/b", "..", "-a"]) assert.throws(() => labNamed(bad), /lower-case letters/);
});

test("without IPv6 there is none in the drawing but outside", () => {
  const reading = readDataCenterText(
    "small.yaml",
    `name: small
ranges: { public: 172.18.208.0/24 }
fabric: { asn: 64512, interface: fab0, ipv4: 192.168.100.0/24 }
controllers: [{ name: control, ipv4: 192.168.100.2 }]
hosts: [{ name: h1, ipv4: 192.168.100.11 }]
gateways:
  - name: gw1
    ipv4: 192.168.100.1
    upstream: { asn: 64496, interface: wan0, ipv4: { address: 198.51.100.2/28, peer: 198.51.100.1 } }
`,
  );
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.join("\n"));
  const { nodes } = topologyOf(reading.value);
  const six = nodes.filter(({ addresses: own }) => own.some(({ ip }) => ip.includes(":"))).map(({ name }) => name);
  assert.deepEqual(six, ["provider", "outside"]);
});

/** `0.0.0.0/0 via 192.168.101.1`, as a hand would set it. */
const routes = ({ nodes }: Topology, name: string) =>
  nodes
    .find((node) => node.name === name)
    ?.routes.map(({ to, hops, metric, source }) =>
      [
        `${to} via ${hops.map(({ via, dev }) => (dev === undefined ? via : `${via}%${dev}`)).join(" and ")}`,
        source && `from ${source}`,
        metric && `metric ${metric}`,
      ]
        .filter(Boolean)
        .join(" "),
    );

test("hosts of a rack are on a bridge of its router, which is on the switch", async () => {
  const topology = topologyOf(await example("rack-ibgp"));
  const drawn = cables(topology);
  for (const cable of ["tor1 fab0 - tor1 fabric", "h1 fab0 - h1 tor1", "h2 fab0 - h2 tor2"])
    assert.ok(drawn.includes(cable), drawn.join("\n"));
  assert.ok(!drawn.includes("h1 fab0 - h1 fabric"));
  assert.equal(topology.nodes.find(({ name }) => name === "tor1")?.bridge, "rack0");
  assert.ok(addresses(topology, "tor1")?.includes("rack0 192.168.101.1/24"));
  assert.deepEqual(routes(topology, "h1"), [
    "0.0.0.0/0 via 192.168.101.1%fab0 metric 5000",
    "::/0 via 2001:db8:a41:101::1%fab0 metric 5000",
  ]);
  assert.ok(routes(topology, "control")?.includes("192.168.101.0/24 via 192.168.100.101"));
});

test("in an unnumbered rack each host has a port of its own, and its address on its loopback", async () => {
  const topology = topologyOf(await example("rack-unnumbered"));
  assert.ok(cables(topology).includes("h1 fab0 - swp1 tor1"));
  assert.deepEqual(addresses(topology, "h1"), ["lo 192.168.200.11/32", "lo 2001:db8:a41:e::11/128", "fab0 fe80::2/64"]);
  assert.ok(addresses(topology, "tor1")?.includes("swp1 fe80::1/64"));
  assert.ok(routes(topology, "h1")?.includes("0.0.0.0/0 via fe80::1%fab0 from 192.168.200.11 metric 5000"));
});

test("a host with two uplinks has a cable to each router, and is found by both", async () => {
  const topology = topologyOf(await example("two-uplinks"));
  for (const cable of ["h1 fab0 - h1 tor1", "h1 fab1 - h1 tor2"]) assert.ok(cables(topology).includes(cable));
  assert.ok(routes(topology, "h1")?.includes("0.0.0.0/0 via 192.168.101.1%fab0 and 192.168.102.1%fab1 from 192.168.200.11 metric 5000"));
  assert.ok(routes(topology, "control")?.includes("192.168.200.11/32 via 192.168.100.101 and 192.168.100.102"));
});

test("of two segments each has a switch, and every machine a cable and the same place on both", async () => {
  const topology = topologyOf(await example("two-segments"));
  for (const machine of ["control", "rr1", "h1", "h2", "gw1"])
    for (const cable of [`${machine} fab0 - ${machine} fabric`, `${machine} fab1 - ${machine} fabric2`])
      assert.ok(cables(topology).includes(cable), cable);
  assert.deepEqual(addresses(topology, "h1"), [
    "fab0 192.168.100.11/24",
    "fab0 2001:db8:a41:f::11/64",
    "fab1 192.168.101.11/24",
    "fab1 2001:db8:a41:10f::11/64",
  ]);
});
