/** The controller's settings: its file, its command line, and its page of documents. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fakeLog } from "#contracts/log.fake.ts";
import { CONTROLLER } from "#core/settings/controller.ts";
import { settingsPage } from "../cli/settings.ts";
import { liveSettings } from "./live-settings.ts";
import { controllerSettings } from "./settings.ts";
import type { ControllerOptions } from "./settings.ts";

function written(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "margay-settings-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "c.yaml");
  writeFileSync(file, text);
  return file;
}

function read(options: ControllerOptions) {
  const reading = controllerSettings(options)();
  assert.ok(reading.ok, reading.ok ? "" : reading.problems.join("\n"));
  return reading.value.settings;
}

function problems(options: ControllerOptions): readonly string[] {
  const reading = controllerSettings(options)();
  return reading.ok ? [] : reading.problems;
}

test("a file says what it says, and the rest is as declared", (t) => {
  const config = written(t, "listen:\n  api: ['192.0.2.1:9696', 'unix:/run/c.sock']\nlimits:\n  list_objects: 100\n");
  const values = read({ config });
  assert.deepEqual(values.listen, { api: [{ host: "192.0.2.1", port: 9696 }, { path: "/run/c.sock" }], metrics: [] });
  assert.equal(values.limits.list_objects, 100);
  assert.equal(values.limits.body_bytes, CONTROLLER.limits.settings.body_bytes.default);
  assert.deepEqual(read({ config: written(t, "") }).log, { level: "info" });
});

test("the command line wins over the file", (t) => {
  const config = written(t, "store:\n  path: /a\nlog:\n  level: warn\n");
  const values = read({ config, store: "/b", listen: ["unix:/c"], auth: "none", set: ["log.level=error", "limits.requests=7"] });
  assert.deepEqual([values.store.path, values.listen.api, values.auth.how], ["/b", [{ path: "/c" }], "none"]);
  assert.deepEqual([values.log.level, values.limits.requests], ["error", 7]);
});

test("all that is wrong is told at once, each with its place, key, value and reason", (t) => {
  const text = "stor:\n  path: /a\nlimits:\n  requests: many\n  body_bytes: 5\n  header_bytes:\nlisten: [x]\nlog:\n  lvel: info\n";
  const config = written(t, text);
  assert.deepEqual(problems({ config, listen: ["9696"], set: ["log.level=loud", "nonsense"] }), [
    `--set nonsense: nonsense: unknown key; known here: ${Object.keys(CONTROLLER).join(", ")}`,
    "--set log.level: log.level loud: loud is not in valid_values",
    `${config}:1: stor: unknown key; did you mean store?`,
    `${config}:4: limits.requests many: 'many' is not an integer`,
    `${config}:5: limits.body_bytes 5: '5' is too small - must be at least '1024'`,
    `${config}:6: limits.header_bytes: has no value; write one or leave the key out`,
    `${config}:7: listen: not a mapping (key: value)`,
    `${config}:9: log.lvel info: unknown key; did you mean level?`,
  ]);
});

test("a file that was named must be there and be YAML", (t) => {
  assert.match(problems({ config: "/nowhere/c.yaml" }).join(), /^\/nowhere\/c\.yaml: cannot be read: ENOENT/);
  assert.match(problems({ config: written(t, "a: [") }).join(), /c\.yaml:\d+: not YAML/);
});

test("read again, what takes effect at once does, the rest waits for a restart, and what is wrong changes nothing", (t) => {
  const config = written(t, "limits:\n  list_objects: 10\n");
  const again = controllerSettings({ config });
  const first = again();
  assert.ok(first.ok);
  const log = fakeLog();
  const live = liveSettings(again, first.value, log);
  const heard: number[] = [];
  live.listen(({ limits }) => heard.push(limits.list_objects));
  assert.equal(live.cloud.longestList, 10);

  writeFileSync(config, "limits:\n  list_objects: 20\n  header_bytes: 2048\n");
  live.reread();
  assert.equal(live.cloud.longestList, 20);
  assert.deepEqual(log.lines.at(-1)?.fields, {
    changed: [{ name: "limits.list_objects", from: 10, to: 20, takes: "at once" }],
    after_restart: [{ name: "limits.header_bytes", from: 32768, to: 2048, takes: "restart" }],
  });

  writeFileSync(config, "limits:\n  list_objects: -1\n");
  live.reread();
  assert.equal(live.cloud.longestList, 20);
  assert.deepEqual([log.lines.at(-1)?.level, heard], ["error", [20]]);
});

test("a policy file is read with the settings, and again with them; a wrong one changes nothing", (t) => {
  const policy = written(t, "create_network: 'role:admin'\n");
  const again = controllerSettings({ config: written(t, `policy:\n  file: ${policy}\n`) });
  const first = again();
  assert.ok(first.ok);
  const live = liveSettings(again, first.value, fakeLog());
  const member = { user: "u", project: "p", roles: ["member"] };
  const may = () => live.cloud.policy.allows({ name: "create_network", rule: ["anybody"] }, member, { owner: "p" });
  assert.equal(may(), false);
  writeFileSync(policy, "create_network: 'role:member'\n");
  live.reread();
  assert.equal(may(), true);
  writeFileSync(policy, "create_network: 'role:'and'\n");
  live.reread();
  assert.equal(may(), true);
  assert.match(
    problems({ config: written(t, "policy:\n  file: /nowhere/policy.yaml\n") }).join(),
    /^\/nowhere\/policy\.yaml: cannot be read: ENOENT/,
  );
});

test("docs/settings.md is what margay settings --markdown says", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/settings.md"), "utf8");
  assert.equal(page, settingsPage(), "write it again: ./margay settings --markdown > docs/settings.md");
});
