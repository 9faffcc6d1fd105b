import assert from "node:assert/strict";
import { test } from "node:test";
import { racked, speakersOf, TOPOLOGIES } from "../intent/bgp-topologies.ts";
import { birdTexts } from "../intent/bird-texts.ts";
import type { DataCenter } from "./data-center.ts";
import { readDataCenter } from "./read.ts";
import { SECOND, changed } from "./sample.ts";
import { sessionsOf } from "./sessions.ts";
import type { Speaker } from "./sessions.ts";
import type { Path } from "./source.ts";

/** `h1: 192.168.100.5 AS 64512`: whom each machine's BIRD is told to speak with; `h1: fe80::1%fab0 AS 64512` by link-local addresses. */
function configured(dc: DataCenter): readonly string[] {
  return birdTexts(dc).flatMap(([name, text]) =>
    [...text.matchAll(/neighbor (\S+) as (\d+);(?:\s+interface "([^"]+)";)?/g)].map(([, ip, asn, link]) => lineOf(name, { ip, asn, link })),
  );
}

interface Other {
  readonly ip: string | undefined;
  readonly asn: number | string | undefined;
  /** The own interface that the other end is on. */
  readonly link: string | undefined;
}

function lineOf(name: string, { ip, asn, link }: Other): string {
  return `${name}: ${ip}${link === undefined ? "" : `%${link}`} AS ${asn}`;
}

function planned(dc: DataCenter): readonly string[] {
  const ours = new Set(speakersOf(dc).map(({ name }) => name));
  const seenBy = (own: Speaker, { ip, asn }: Speaker) => lineOf(own.name, { ip, asn, link: own.interface });
  return sessionsOf(dc).flatMap(({ near, far }) => [seenBy(near, far), ...(ours.has(far.name) ? [seenBy(far, near)] : [])]);
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

for (const topology of TOPOLOGIES) {
  test(`${topology}: the planned sessions are those that both ends are configured for`, () => {
    const dc = racked(topology);
    assert.deepEqual([...planned(dc)].toSorted(), [...configured(dc)].toSorted());
  });
}
