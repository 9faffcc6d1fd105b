/** FRR takes every configuration that we write, whatever the shape of the data centre. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { dataCenterOf, VARIANTS } from "../../intent/bgp-variants.ts";
import { routerConfigOf, routersOf } from "../derive.ts";
import { frrText } from "./write.ts";

const scratch = mkdtempSync(join(tmpdir(), "mg-frr-"));
after(() => rmSync(scratch, { recursive: true }));

for (const variant of VARIANTS)
  for (const { name } of routersOf(dataCenterOf(variant)))
    test(`vtysh takes the configuration of ${name} in "${variant}"`, () => {
      const path = join(scratch, "frr.conf");
      writeFileSync(path, frrText(routerConfigOf(dataCenterOf(variant), name) ?? assert.fail()));
      const { status, stdout, stderr } = spawnSync("vtysh", ["-C", "-f", path], { encoding: "utf8", timeout: 10_000 });
      assert.equal(`${stdout}${stderr}`, "");
      assert.equal(status, 0);
    });
