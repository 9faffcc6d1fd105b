/** What is derived for a router: every session of it, and policies that name what there is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { plan } from "../datacenter/plan.ts";
import { sessionsOf } from "../datacenter/sessions.ts";
import { racked, TOPOLOGIES } from "../intent/bgp-topologies.ts";
import { dataCenterOf, VARIANTS } from "../intent/bgp-variants.ts";
import { routerConfigOf, routersOf } from "./derive.ts";

for (const variant of VARIANTS) {
  const dc = dataCenterOf(variant);
  for (const { name, role } of routersOf(dc))
    test(`${role} ${name} in "${variant}" names only what it defines, and has every session`, () => {
      const config = routerConfigOf(dc, name) ?? assert.fail();
      assert.equal(config.role, role);
      const policies = new Map(config.policies.map((policy) => [policy.name, policy]));
      const sets = new Set(config.prefixSets.map((set) => set.name));
      assert.equal(policies.size, config.policies.length);
      for (const { families } of config.neighbors)
        for (const family of families)
          for (const policy of [family.import, family.export]) {
            assert.equal(policies.get(policy)?.otherwise, "reject", policy);
            for (const { when } of policies.get(policy)?.terms ?? [])
              for (const condition of when) if ("prefixes" in condition) assert.ok(sets.has(condition.prefixes), condition.prefixes);
          }
      assert.equal(config.neighbors.length, sessionsOf(dc).filter(({ near, far }) => near.name === name || far.name === name).length);
      const statics = config.statics.map(({ prefix }) => prefix);
      for (const { prefix } of config.originated) assert.ok(statics.includes(prefix), `${prefix} is originated without a route`);
    });
}

test("a gateway tells its provider the aggregates, whole, of its own making, and nothing of ours in them", () => {
  const config = routerConfigOf(dataCenterOf("guide"), "gw1") ?? assert.fail();
  const policy = config.policies.find(({ name }) => name === "TO-PROVIDER-IPV4");
  assert.deepEqual(policy?.terms, [
    {
      name: "aggregates",
      when: [{ prefixes: "ANNOUNCED-IPV4" }, { community: "64512:1" }],
      verdict: "accept",
      set: { communities: "none" },
    },
  ]);
  const set = config.prefixSets.find(({ name }) => name === "ANNOUNCED-IPV4");
  assert.deepEqual(set?.ranges, [{ prefix: "172.18.208.0/24", least: 24, most: 24 }]);
  assert.deepEqual(config.pnat?.sources, ["10.65.0.0/16"]);
});

test("the machines of racks see VMs' own addresses, on whatever platform the gateway is", () => {
  for (const topology of TOPOLOGIES) {
    const dc = racked(topology);
    const config = routerConfigOf(dc, "gw1") ?? assert.fail();
    assert.deepEqual(config.pnat?.except, plan(dc).pnat.find(({ gateway }) => gateway === "gw1")?.except);
    for (const { ipv4 } of dc.racks ?? []) if (ipv4 !== undefined) assert.ok(config.pnat?.except.includes(ipv4), `${topology}: ${ipv4}`);
    const { loopbacks4 } = dc.fabric;
    if (loopbacks4 !== undefined) assert.ok(config.pnat?.except.includes(loopbacks4), topology);
  }
});
