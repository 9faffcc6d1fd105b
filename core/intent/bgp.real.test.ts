/** BIRD and nft take every configuration that we write, whatever the shape of the data centre. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { providerBird } from "#lab/provider.ts";
import { computeBird } from "./bgp-compute.ts";
import { dataCenterOf, VARIANTS } from "./bgp-variants.ts";
import { gatewayBird } from "./gateway-bgp.ts";
import { reflectorBird } from "./reflector.ts";

const scratch = mkdtempSync(join(tmpdir(), "mg-f-"));
after(() => rmSync(scratch, { recursive: true }));

for (const variant of VARIANTS) {
  const dc = dataCenterOf(variant);
  const texts = [
    ...dc.hosts.map((host) => [host.name, computeBird(dc, host)] as const),
    ...dc.reflectors.map((reflector) => [reflector.name, reflectorBird(dc, reflector)] as const),
    ...dc.gateways.map((gateway) => [gateway.name, gatewayBird(dc, gateway)] as const),
    ["provider", providerBird(dc, "inet0")] as const,
  ];
  for (const [name, content] of texts)
    test(`BIRD takes the configuration of ${name} in "${variant}"`, () => {
      const path = join(scratch, "bird.conf");
      writeFileSync(path, content);
      const { status, stderr } = spawnSync("bird", ["-p", "-c", path], { encoding: "utf8", timeout: 10_000 });
      assert.equal(stderr, "");
      assert.equal(status, 0);
    });
}
