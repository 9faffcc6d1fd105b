import assert from "node:assert/strict";
import { test } from "node:test";
import { computeBird } from "../intent/bgp-compute.ts";
import { gatewayBird } from "../intent/gateway-bgp.ts";
import { reflectorBird } from "../intent/reflector.ts";
import type { DataCenter } from "./data-center.ts";
import { readDataCenter } from "./read.ts";
import { SECOND, changed } from "./sample.ts";
import { sessionsOf } from "./sessions.ts";
import type { Path } from "./source.ts";

/** `h1: 192.168.100.5 AS 64512`: whom each machine's BIRD is told to speak with. */
function configured(dc: DataCenter): readonly string[] {
  const texts = [
    ...dc.hosts.map((host) => [host.name, computeBird(dc, host)] as const),
    ...dc.reflectors.map((reflector) => [reflector.name, reflectorBird(dc, reflector)] as const),
    ...dc.gateways.map((gateway) => [gateway.name, gatewayBird(dc, gateway)] as const),
  ];
  return texts.flatMap(([name, text]) => [...text.matchAll(/neighbor (\S+) as (\d+)/g)].map(([, ip, asn]) => `${name}: ${ip} AS ${asn}`));
}

function planned(dc: DataCenter): readonly string[] {
  const ours = new Set([...dc.hosts, ...dc.reflectors, ...dc.gateways].map(({ name }) => name));
  return sessionsOf(dc).flatMap(({ near, far }) => [
    `${near.name}: ${far.ip} AS ${far.asn}`,
    ...(ours.has(far.name) ? [`${far.name}: ${near.ip} AS ${near.asn}`] : []),
  ]);
}

const SHAPES: readonly (readonly [string, ...(readonly [Path, unknown])[]])[] = [
  ["one reflector"],
  [
    "two reflectors and two gateways",
    [["reflectors", 1], { name: "rr2", ipv4: "192.168.100.6", ipv6: "2001:db8:a41:f::6" }],
    [["gateways", 1], SECOND],
  ],
  ["no reflectors", [["reflectors"], []]],
  ["no reflectors and two gateways", [["reflectors"], []], [["gateways", 1], SECOND]],
];

for (const [shape, ...changes] of SHAPES) {
  test(`${shape}: the planned sessions are those that both ends are configured for`, () => {
    const reading = readDataCenter(changed(...changes));
    assert.ok(reading.ok, JSON.stringify(reading));
    assert.deepEqual([...planned(reading.value)].toSorted(), [...configured(reading.value)].toSorted());
  });
}
