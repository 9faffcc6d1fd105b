/** FRR takes every configuration that we write, whatever the shape of the data centre. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { racked, TOPOLOGIES } from "../../intent/bgp-topologies.ts";
import { dataCenterOf, VARIANTS } from "../../intent/bgp-variants.ts";
import { routerConfigOf, routersOf } from "../derive.ts";
import { frrText } from "./write.ts";

const scratch = mkdtempSync(join(tmpdir(), "mg-frr-"));
after(() => rmSync(scratch, { recursive: true }));

const SITES = [
  ...VARIANTS.map((variant) => [variant, dataCenterOf(variant)] as const),
  ...TOPOLOGIES.filter((topology) => !topology.includes("segments")).map((topology) => [topology, racked(topology)] as const),
];

for (const [site, dc] of SITES)
  for (const { name } of routersOf(dc))
    test(`vtysh takes the configuration of ${name} in "${site}"`, () => {
      const path = join(scratch, "frr.conf");
      writeFileSync(path, frrText(routerConfigOf(dc, name) ?? assert.fail()));
      const { status, stdout, stderr } = spawnSync("vtysh", ["-C", "-f", path], { encoding: "utf8", timeout: 10_000 });
      assert.equal(`${stdout}${stderr}`, "");
      assert.equal(status, 0);
    });
