/** BIRD and nft take every configuration that we write, whatever the shape of the data centre. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { testNetns } from "#adapters/linux/test-name.real.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { racksOf, torsOf } from "#core/datacenter/racks.ts";
import type { View } from "#core/feed/item.ts";
import type { Ip } from "#core/net/address.ts";
import { providerBird } from "#lab/provider.ts";
import { CROSSINGS, racked, TOPOLOGIES } from "./bgp-topologies.ts";
import { dataCenterOf, drainedIn, PASSWORD, VARIANTS } from "./bgp-variants.ts";
import { assignedIn } from "./assigned.ts";
import { compile } from "./compile.ts";
import { birdTexts } from "./bird-texts.ts";
import { gatewayBird } from "./gateway-bgp.ts";
import { gatewayMaps, gatewayNft } from "./gateway-nft.ts";
import { assignedInRack } from "./tor.ts";

/** What speaks BFD, of every machine. */
function answering(dc: DataCenter): readonly (readonly [string, string])[] {
  const all = [
    ...dc.hosts.map(({ name }) => ["compute", name] as const),
    ...dc.reflectors.map(({ name }) => ["reflector", name] as const),
    ...torsOf(dc).map(({ name }) => ["tor", name] as const),
    ...dc.gateways.map(({ name }) => ["gateway", name] as const),
  ];
  return all.flatMap(([role, host]) => {
    const { files } = compile({ ...NOBODY, datacenter: dc }, { role, host });
    return files.flatMap(({ value: { path, content } }) => (path === "bird/bfd.conf" ? [[`${host}'s BFD`, content] as const] : []));
  });
}

const NOBODY = { endpoints: new Map(), subnets: new Map(), groups: new Map(), members: new Map(), prefixes: new Map() };

/** The first host has addresses, the second has none. */
const ASSIGNMENTS: NonNullable<View["assignments"]> = new Map([
  ["a", { port_id: "a", hosts: ["h1"], addresses: ["10.65.0.1", "172.18.208.7", "2001:db8:a41:2::7"] as Ip[] }],
]);

const scratch = mkdtempSync(join(tmpdir(), "mg-f-"));
after(() => rmSync(scratch, { recursive: true }));

/** Where a variant's sessions have their password, for this test alone. */
const password = join(scratch, "password");
writeFileSync(password, 'password "for the test";\n', { mode: 0o600 });

const NETNS = testNetns("nft");
before(() => void spawnSync("ip", ["netns", "add", NETNS]));
after(() => void spawnSync("ip", ["netns", "del", NETNS]));

const ALL = [
  ...CROSSINGS,
  ...VARIANTS.map((name) => [name, dataCenterOf(name)] as const),
  ...TOPOLOGIES.map((name) => [name, racked(name)] as const),
];

for (const [variant, dc] of ALL) {
  const texts = [...birdTexts(dc, "assigned"), ...answering(dc), ["provider", providerBird(dc, "inet0")] as const];
  for (const [name, content] of texts)
    test(`BIRD takes the configuration of ${name} in "${variant}"`, () => {
      const path = join(scratch, "bird.conf");
      writeFileSync(path, content.replaceAll(PASSWORD, password));
      const rack = racksOf(dc).find(({ tor }) => tor.name === name);
      const assigned = rack === undefined ? assignedIn(dc, ASSIGNMENTS) : assignedInRack(dc, rack, ASSIGNMENTS);
      writeFileSync(join(scratch, "assigned.conf"), assigned);
      const { status, stderr } = spawnSync("bird", ["-p", "-c", path], { encoding: "utf8", timeout: 10_000 });
      assert.equal(stderr, "");
      assert.equal(status, 0);
    });

  for (const gateway of dc.gateways)
    test(`nft takes the rules of ${gateway.name} in "${variant}"`, () => {
      const chains = gatewayNft(dc, gateway).map(({ name, hook = "", rules }) => `chain ${name} {\n${[hook, ...rules].join("\n")}\n}`);
      const maps = gatewayMaps(dc, gateway).map(({ name, type }) => `map ${name} { ${type} }`);
      const input = `table inet margay {\n${[...maps, ...chains].join("\n")}\n}\n`;
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
