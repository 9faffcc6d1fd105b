/** BIRD and nft take every configuration that we write, whatever the shape of the data centre. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { providerBird } from "#lab/provider.ts";
import { racked, TOPOLOGIES } from "./bgp-topologies.ts";
import { dataCenterOf, drainedIn, VARIANTS } from "./bgp-variants.ts";
import { birdTexts } from "./bird-texts.ts";
import { gatewayBird } from "./gateway-bgp.ts";
import { gatewayNft } from "./gateway-nft.ts";

const scratch = mkdtempSync(join(tmpdir(), "mg-f-"));
after(() => rmSync(scratch, { recursive: true }));

const NETNS = "mg-f-nft";
before(() => void spawnSync("ip", ["netns", "add", NETNS]));
after(() => void spawnSync("ip", ["netns", "del", NETNS]));

const ALL = [...VARIANTS.map((name) => [name, dataCenterOf(name)] as const), ...TOPOLOGIES.map((name) => [name, racked(name)] as const)];

for (const [variant, dc] of ALL) {
  const texts = [...birdTexts(dc), ["provider", providerBird(dc, "inet0")] as const];
  for (const [name, content] of texts)
    test(`BIRD takes the configuration of ${name} in "${variant}"`, () => {
      const path = join(scratch, "bird.conf");
      writeFileSync(path, content);
      const { status, stderr } = spawnSync("bird", ["-p", "-c", path], { encoding: "utf8", timeout: 10_000 });
      assert.equal(stderr, "");
      assert.equal(status, 0);
    });

  for (const gateway of dc.gateways)
    test(`nft takes the rules of ${gateway.name} in "${variant}"`, () => {
      const chains = gatewayNft(dc, gateway).map(({ name, hook = "", rules }) => `chain ${name} {\n${[hook, ...rules].join("\n")}\n}`);
      const input = `table inet margay {\n${chains.join("\n")}\n}\n`;
      const { status, stderr } = spawnSync("ip", ["netns", "exec", NETNS, "nft", "-c", "-f", "-"], {
        encoding: "utf8",
        input,
        timeout: 10_000,
      });
      assert.equal(stderr, "");
      assert.equal(status, 0);
    });
}

test("BIRD takes the configuration of a gateway that is drained", () => {
  const dc = drainedIn("two of everything");
  const path = join(scratch, "bird.conf");
  writeFileSync(path, dc.gateways.map((gateway) => gatewayBird(dc, gateway))[0] ?? "");
  const { stderr } = spawnSync("bird", ["-p", "-c", path], { encoding: "utf8", timeout: 10_000 });
  assert.equal(stderr, "");
});
