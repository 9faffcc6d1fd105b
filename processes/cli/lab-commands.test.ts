/** What `margay lab …` and `margay demo` say where no lab is asked anything: hints, and refusals before anything is built. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { labNamed } from "#lab/place.ts";
import { nextSteps } from "./demo.ts";
import { statusText } from "./lab-status.ts";

const MARGAY = fileURLToPath(new URL("../main.ts", import.meta.url));

function margay(...words: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  return spawnSync(process.execPath, [MARGAY, ...words], { encoding: "utf8", env: { ...process.env, MARGAY_LAB: "nowhere" } });
}

test("what to try next means the lab that was built", () => {
  assert.doesNotMatch(nextSteps(labNamed("demo")), /export/);
  assert.match(nextSteps(labNamed("r1")), /export MARGAY_LAB=r1 MARGAY_URL=unix:\/run\/margay-lab\/r1\/controller\.sock\n/);
});

test("the way in for openstack means the lab that was asked about", () => {
  const status = { phase: "up", file: "", doors: [], clouds: "/c.yaml", machines: [], vms: [] } as const;
  assert.match(statusText({ ...status, lab: labNamed("r1") }), /\.\/margay lab enter --name r1 NAME -- /);
  assert.match(statusText({ ...status, lab: labNamed("demo") }), /\.\/margay lab enter NAME -- /);
});

test("VMs of a lab that is not there: no lab, rather than no VMs", () => {
  const commands = [
    "list",
    "rm web",
    "add web --network external --host h1",
    "plug web --network external",
    "unplug web --network external",
  ];
  for (const words of commands) {
    const { status, stderr } = margay("lab", "vm", ...words.split(" "));
    assert.equal(status, 1, words);
    assert.match(stderr, /^there is no lab "nowhere" .*margay lab up FILE builds one\n$/, words);
  }
});

test("a declaration that cannot be read is named, in the words that plan and apply have for it", () => {
  for (const words of ["lab up", "plan"]) {
    assert.match(margay(...words.split(" "), "/nowhere.yaml").stderr, /^\/nowhere\.yaml: cannot be read: ENOENT/, words);
  }
});
