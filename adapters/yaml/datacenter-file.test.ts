import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { warningsOf } from "#core/datacenter/warnings.ts";
import { readDataCenterFile, readDataCenterText } from "./datacenter-file.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
const GUIDE = readFileSync(`${EXAMPLES}guide.yaml`, "utf8");

for (const file of globSync(`${EXAMPLES}*.yaml`)) {
  test(`${file.slice(EXAMPLES.length)} is a data centre`, async () => {
    const reading = await readDataCenterFile(file);
    assert.deepEqual(reading.ok ? [] : reading.problems, []);
  });
}

test("a problem names file, line, value and reason", () => {
  const reading = readDataCenterText("dc.yaml", GUIDE.replace("asn: 64512", "asn: 4294967296"));
  assert.deepEqual(reading.ok ? [] : reading.problems, ["dc.yaml:11: fabric.asn 4294967296: not an AS number (1 to 4294967295)"]);
});

test("problems come in the order of their lines, whatever found them", () => {
  const text = GUIDE.replace("10.65.0.0/16", "172.18.0.0/16").replace("name: h2", "name: h1").replace("name: guide", "nam: guide");
  const reading = readDataCenterText("dc.yaml", text);
  assert.deepEqual(reading.ok ? [] : reading.problems, [
    "dc.yaml:3: nam guide: unknown key; did you mean name?",
    "dc.yaml:3: name: missing",
    "dc.yaml:7: ranges.private 172.18.0.0/16: overlaps ranges.public 172.18.208.0/24",
    "dc.yaml:24: hosts[1].name h1: already hosts[0].name",
  ]);
});

test("a warning has its line too", () => {
  const reading = readDataCenterText("dc.yaml", GUIDE);
  assert.ok(reading.ok);
  assert.match(warningsOf(reading.value).map(reading.locate)[0] ?? "", /^dc\.yaml:6: ranges\.public 172\.18\.208\.0\/24: /);
});

test("what is no YAML is not looked at further, and a file that is not there is a problem too", async () => {
  const broken = readDataCenterText("dc.yaml", "name: [\n");
  assert.match(broken.ok ? "" : broken.problems.join("\n"), /^dc\.yaml:\d+: not YAML: /);
  const absent = await readDataCenterFile("/nowhere/dc.yaml");
  assert.match(absent.ok ? "" : absent.problems.join("\n"), /^\/nowhere\/dc\.yaml: cannot be read: ENOENT/);
});
