/**
 * The configurations that people read, as files beside this one: a gateway, a reflector, a gateway that reflects, and a router of a rack, on each platform.
 * After a change that is meant, `MARGAY_GOLDEN=write` in the environment writes them anew; then read what changed.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { dataCenterOf } from "../../intent/bgp-variants.ts";
import { withInterfaces } from "../interfaces.ts";
import { racked } from "../../intent/bgp-topologies.ts";
import { routerConfigOf } from "../derive.ts";
import type { Platform } from "../platform.ts";
import { rendered } from "../render.ts";
import { EXAMPLES, ON_PORTS, PORTS, VENDORS } from "./examples.ts";

for (const platform of VENDORS)
  for (const { name, dc, config } of platform.unnumbered === undefined ? EXAMPLES : [...EXAMPLES, ON_PORTS])
    test(`${platform.title}: the ${name} is as its file says`, () => {
      const ports = PORTS[platform.name] ?? assert.fail(`${platform.name} has no names for its interfaces`);
      const [file] = platform.render(withInterfaces(config, new Map(ports)), dc).files;
      const path = fileURLToPath(new URL(`${name}.${platform.name}.conf`, import.meta.url));
      if (process.env["MARGAY_GOLDEN"] === "write") writeFileSync(path, file?.text ?? "");
      assert.equal(file?.text, readFileSync(path, "utf8"));
    });

test("no configuration holds a secret, and each says where they go", () => {
  for (const platform of VENDORS)
    for (const { dc, config } of EXAMPLES) {
      const guarded = config.neighbors.filter(({ password }) => password !== undefined);
      const text = platform.render(config, dc).files[0]?.text ?? "";
      for (const { name } of guarded) assert.match(text, new RegExp(`SECRET-${name.replaceAll(" ", "-")}`), platform.name);
      if (guarded.length > 0) assert.match(text, /Passwords are not in this text/, platform.name);
    }
});

test("what a platform cannot is refused, with what to put beside it", () => {
  const refusals = Object.fromEntries(
    VENDORS.map((platform) => [
      platform.name,
      platform.render(EXAMPLES[0]?.config ?? assert.fail(), dataCenterOf("guide")).refused.map(({ what }) => what),
    ]),
  );
  assert.deepEqual(refusals, {
    junos: ["GTSM with provider of gw1 over IPv6"],
    iosxe: [],
    eos: ["PNAT of 10.65.0.0/16"],
    vyos: [],
    srlinux: ["PNAT of 10.65.0.0/16", "GTSM with provider of gw1", "GTSM with provider of gw1"],
  });
  for (const platform of VENDORS)
    for (const { why, beside } of platform.render(EXAMPLES[0]?.config ?? assert.fail(), dataCenterOf("guide")).refused)
      assert.ok(why !== "" && beside !== "");
});

test("of what is declared of port-NAT besides, each platform has what it can, and refuses the rest", () => {
  const refusedOf = (name: string) =>
    Object.fromEntries(
      VENDORS.map((platform) => {
        const { config, dc } = EXAMPLES.find((example) => example.name === name) ?? assert.fail();
        return [
          platform.name,
          platform
            .render(config, dc)
            .refused.map(({ what }) => what)
            .filter((what) => !/^GTSM|^PNAT/.test(what)),
        ];
      }),
    );
  const cone = ["a full cone"];
  assert.deepEqual(refusedOf("gateway-with-options"), { junos: cone, iosxe: cone, vyos: cone, eos: [], srlinux: [] });
  const ports = ["2048 ports of each VM's own"];
  assert.deepEqual(refusedOf("gateway-with-ports"), { junos: [], iosxe: ports, vyos: ports, eos: [], srlinux: [] });
});

test("a neighbour that is known by its port is refused, not written wrong", () => {
  const dc = racked("unnumbered racks");
  const config = routerConfigOf(dc, "tor1") ?? assert.fail();
  for (const platform of VENDORS.filter(({ unnumbered }) => unnumbered === undefined)) {
    const { files, refused } = rendered(platform, config, dc);
    assert.deepEqual(files, [], platform.name);
    assert.match(refused[0]?.what ?? "", /^BGP over link-local addresses on /);
  }
});

test("nor is a session on a second segment written as if there were one", () => {
  const dc = racked("two segments");
  for (const platform of VENDORS) {
    const { files, refused } = rendered(platform, routerConfigOf(dc, "gw1") ?? assert.fail(), dc);
    assert.deepEqual(files, [], platform.name);
    assert.match(refused[0]?.what ?? "", /two segments/);
  }
});

test("SR Linux cannot be told to keep next hops on eBGP, and says so", () => {
  const { config, dc } = EXAMPLES.find(({ name }) => name === "reflector-of-racks") ?? assert.fail();
  const kept = (platform: Platform) =>
    platform.render(config, dc).refused.filter(({ what }) => what.startsWith("next hops as they were heard"));
  for (const platform of VENDORS) assert.equal(kept(platform).length, platform.name === "srlinux" ? 2 : 0, platform.name);
});
