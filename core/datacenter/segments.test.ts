/** On two segments everybody speaks with whom it would speak with on one, on each, by the addresses that it has there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { racked } from "../intent/bgp-topologies.ts";
import { birdTexts } from "../intent/bird-texts.ts";
import { readDataCenter } from "./read.ts";
import { changed } from "./sample.ts";
import { segmentsOf, segmentWith } from "./segments.ts";
import { sessionsOf } from "./sessions.ts";
import type { Path } from "./source.ts";

const SHAPES = ["two segments", "two segments without reflectors"] as const;

for (const shape of SHAPES) {
  const dc = racked(shape);
  const { second, ...one } = dc.fabric;
  const inside = (site: typeof dc) => sessionsOf(site).filter(({ kind }) => kind !== "customer");

  test(`${shape}: every session is there once on each`, () => {
    const alone = inside({ ...dc, fabric: one });
    const both = inside(dc);
    assert.equal(both.length, 2 * alone.length);
    for (const number of [1, 2]) {
      const own = both.filter(({ near, far }) => [near, far].every(({ ip }) => segmentWith(dc, ip)?.number === number));
      assert.deepEqual(
        own.map(({ near, far }) => `${near.name} ${far.name}`),
        alone.map(({ near, far }) => `${near.name} ${far.name}`),
      );
    }
    assert.equal(second?.interface, "fab1");
  });

  test(`${shape}: nobody is told on one of a next hop on the other`, () => {
    for (const [name, text] of birdTexts(dc))
      for (const [session, segment] of text.matchAll(/^protocol bgp '[^']+' from (fabric2?) \{[\s\S]*?^\}/gm)) {
        const told = [...session.matchAll(/export where (.*);/g)].map(([, which]) => which ?? "");
        const others = told.filter((which) => /endpoint/.test(which) && !/RTS_INHERIT/.test(which));
        for (const which of others) {
          const [four, six] =
            segment === "fabric" ? ["192.168.100.0/24", "2001:db8:a41:f::/64"] : ["192.168.99.0/24", "2001:db8:a41:99::/64"];
          assert.match(which, new RegExp(`bgp_next_hop ~ (${four}|${six})`), `${name}: ${which}`);
        }
      }
  });
}

test("a machine has the same place on both", () => {
  const dc = racked("two segments");
  const [, second] = segmentsOf(dc);
  assert.deepEqual(
    dc.hosts.map((host) => [second?.at(host).ipv4, second?.at(host).ipv6]),
    [
      ["192.168.99.11", "2001:db8:a41:99::11"],
      ["192.168.99.12", "2001:db8:a41:99::12"],
    ],
  );
  assert.equal(second?.at(dc.hosts[0] ?? assert.fail()).name, "h1");
});

test("racks, a mesh and routers of other platforms have no place on a second segment", () => {
  const second = { interface: "fab1", ipv4: "192.168.99.0/24", ipv6: "2001:db8:a41:99::/64" };
  const rack = {
    name: "r1",
    ipv4: "192.168.98.0/24",
    ipv6: "2001:db8:a41:98::/64",
    tor: { name: "t1", ipv4: "192.168.100.77", ipv6: "2001:db8:a41:f::77", interface: "rack0" },
  };
  const messages = (...changes: readonly (readonly [Path, unknown])[]) => {
    const reading = readDataCenter(changed([["fabric", "second"], second], ...changes));
    return reading.ok ? [] : reading.findings.map(({ message }) => message);
  };
  assert.deepEqual(messages(), []);
  assert.match(messages([["racks"], [rack]]).join("\n"), /^racks: hosts in racks have their uplinks there/m);
  assert.match(
    messages([["reflectors"], []], [["fabric", "peering"], "mesh"]).join("\n"),
    /^fabric\.peering mesh: a mesh is on one segment/m,
  );
  assert.match(
    messages([["gateways", 0, "platform"], "frr"]).join("\n"),
    /^gateways\[0\]\.platform frr: with fabric\.second, routers are BIRD/m,
  );
});
