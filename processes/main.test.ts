/** What holds for every command: its help, the version, and what happens when nobody reads on. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { apiPage } from "./cli/openapi.ts";
import { ownVersion } from "./version.ts";

const MARGAY = fileURLToPath(new URL("main.ts", import.meta.url));

function margay(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MARGAY, ...words], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("--version is the package's", () => {
  assert.deepEqual(margay("--version"), { status: 0, stdout: `${ownVersion()}\n`, stderr: "" });
});

test("the help of a command says which options must be given", () => {
  const { stdout } = margay("lab", "vm", "add", "--help");
  assert.match(stdout, /--host <host> [^-]*\(required\)/);
  assert.doesNotMatch(stdout, /--group <group> [^-]*\(required\)/);
});

test("docs/api.md is what margay openapi --markdown says", () => {
  const page = readFileSync(join(import.meta.dirname, "../docs/api.md"), "utf8");
  assert.equal(page, apiPage(), "write it again: ./margay openapi --markdown > docs/api.md");
});

test("who has read enough ends the command, without a stack", async () => {
  const child = spawn(process.execPath, [MARGAY, "openapi"], { stdio: ["ignore", "pipe", "pipe"] });
  const said = child.stderr.setEncoding("utf8").toArray();
  await once(child.stdout, "readable");
  child.stdout.destroy();
  await once(child, "exit");
  assert.deepEqual(await said, []);
});

test("a settings file can be checked before it is used", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "margay-check-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const written = (name: string, text: string) => {
    const file = join(directory, name);
    writeFileSync(file, text);
    return file;
  };
  const good = written("good.yaml", "limits: {list_objects: 10}\n");
  assert.deepEqual(margay("settings", "--check", good), { status: 0, stdout: `${good}: understood\n`, stderr: "" });
  const wrong = written("wrong.yaml", `policy: {file: ${written("policy.yaml", '"get_port": "rule:nobody"\n')}}\n`);
  const { status, stdout, stderr } = margay("settings", "--check", wrong);
  assert.deepEqual({ status, stdout }, { status: 1, stdout: "" });
  assert.match(stderr, /policy\.yaml:1: .*nobody/);
});
