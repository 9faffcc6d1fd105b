import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { policyOf } from "#adapters/policy/policy-file.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const place = mkdtempSync(join(tmpdir(), "margay-policy-"));
after(() => rmSync(place, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function margay(...words: readonly string[]): Promise<Ended> {
  const ran = promisify(execFile)(process.execPath, [MAIN, "policy", ...words]);
  // A child that failed is an error with what it said.
  return ran.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as Ended,
  );
}

function file(text: string): string {
  const path = join(place, `${text.length}.yaml`);
  writeFileSync(path, text);
  return path;
}

test("a right file is counted, with what does nothing", async () => {
  const path = file("get_network: rule:admin_only\ncreate_metering_label: '@'\n");
  const { code, stdout } = await margay("check", path);
  assert.deepEqual(
    [code, stdout.split("\n")],
    [0, [`${path}:2: create_metering_label: nothing here asks for it (it does no harm)`, `${path}: 2 rules, all understood`, ""]],
  );
});

test("a wrong one ends in 2, all that is wrong on standard error", async () => {
  const path = file('get_network: rule:nobody\ncreate_port: "role:"\n');
  for (const word of ["check", "show"]) {
    const { code, stdout, stderr } = await margay(word, path);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(
      stderr,
      `${path}:1: get_network: there is no rule "nobody"\n${path}:2: create_port: "role:" is no check: KIND:VALUE is one\n`,
    );
  }
});

test("what is shown is a file that says the same", async () => {
  const { stdout: defaults } = await margay("show");
  assert.match(defaults, /^# POST \/networks\n#"create_network": "rule:admin_only or \(role:member and project_id:%\(project_id\)s\)"$/m);
  const empty = policyOf(defaults, "shown");
  assert.ok(empty.ok && empty.rules.size === 0);
  // With every rule said, it is understood as well.
  const all = policyOf(defaults.replaceAll(/^#"/gm, '"'), "shown");
  assert.deepEqual(all.ok && all.warnings, []);

  const { stdout } = await margay("show", file('mine: "role:x"\nget_network: "rule:mine or rule:shared"\n'));
  const own = policyOf(stdout, "shown");
  assert.deepEqual(own.ok && [...own.rules], [
    ["mine", "role:x"],
    ["get_network", "rule:mine or rule:shared"],
  ]);
});
