/** What `margay doctor` prints, and that the manual's table is what the checks say of themselves. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { examine, fixesIn } from "#core/doctor/examine.ts";
import { silent, told } from "#core/doctor/facts.ts";
import { checksTable } from "#core/doctor/table.ts";
import { SAMPLE } from "#core/datacenter/sample.ts";
import { readDataCenter } from "#core/datacenter/read.ts";
import { fixAll } from "./doctor-fix.ts";
import { diagnosesText } from "./doctor-text.ts";

test("the manual has every check as it is declared: margay doctor --checks", () => {
  const manual = readFileSync(new URL("../../docs/doctor.md", import.meta.url), "utf8");
  assert.ok(manual.includes(checksTable()), "docs/doctor.md: its tables are not those of margay doctor --checks");
});

const reading = readDataCenter(SAMPLE);
assert.ok(reading.ok);
const PLAN = { center: told(reading.value), cloud: silent("no controller was asked"), machines: [] };

test("a file alone: what it says is judged, the rest is told as unknown with the reason, and all are counted", () => {
  const text = diagnosesText(examine(PLAN, { only: ["A3", "A4", "A5", "R12"] }), "findings");
  assert.equal(
    text,
    `Address plan
  unknown  A3, A5: what could be seen is well; no controller was asked
  unknown  A4: no controller was asked

Routing and export
  warning  R12  reflectors and gateways are enough, and nobody has too many sessions
                the file: reflectors: only one, so no redundancy: without it, hosts and gateways hear no news of VMs' addresses
                the file: gateways: only one, so no redundancy: without it, nothing leads outside
                → Declare a second reflector and a second gateway; beyond about a hundred peers use reflectors instead of a mesh.

4 checks: 0 ok, 1 warning, 0 wrong, 3 unknown
`,
  );
});

test("with evidence, what was seen is told for each place", () => {
  assert.match(
    diagnosesText(examine(PLAN, { only: ["A3"] }), "evidence"),
    /unknown {2}A3 .*\n +the file: external6 2001:db8:a41:2::\/64, internal6 2001:db8:a41:3::\/64\n +the cloud: not known: no controller was asked\n/,
  );
});

test("only what is safe is done, each once, and what fails is told", async () => {
  const done: string[] = [];
  const quota = { how: "quota", project: "demo", limits: { network: 0 } } as const;
  const sysctl = { how: "sysctl", path: "net/ipv4/conf/all/arp_ignore", value: "0" } as const;
  const command = { how: "command", command: "reboot" } as const;
  const found = [quota, sysctl, command].map((fix, at) => ({ check: "X1", where: `m${at}`, fix }));
  const results = await fixAll(found, {
    sysctl: async (machine, path, value) => {
      done.push(`${machine} ${path} ${value}`);
      return undefined;
    },
    quota: async () => "the controller said no",
  });
  assert.deepEqual(done, ["m1 net/ipv4/conf/all/arp_ignore 0"]);
  assert.deepEqual(
    results.map(({ failed }) => failed),
    ["the controller said no", undefined],
  );
  assert.deepEqual(fixesIn([]), []);
});
