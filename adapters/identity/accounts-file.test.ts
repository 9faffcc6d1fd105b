/** The identity file: followed while it changes, and edited without losing what its operator wrote. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { EMPTY, withPassword, withProject, withRoles, withUser } from "./accounts-edit.ts";
import { followAccounts, idOf, readAccountsText } from "./accounts-file.ts";
import { withCloud } from "./clouds-yaml.ts";
import { hashPassword, passwords } from "./passwords.ts";
import { sampleAccounts, sampleText } from "./sample-accounts.ts";
import { readIfThere, writeSecret } from "./secret-file.ts";

const CHEAP = { logN: 14, r: 8, p: 1 };

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "mg-identity-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test("a file is read when it comes, when it changes, and not when it is wrong", (t) => {
  const path = join(folder(t), "identity.yaml");
  const [clock, log] = [fakeClock(), fakeLog()];
  const followed = followAccounts(path, { clock, log });
  const users = () => followed.current().users.size;
  const told = () => log.lines.at(-1)?.level;
  assert.deepEqual([users(), told()], [0, "warn"]);

  writeFileSync(`${path}.new`, sampleText());
  renameSync(`${path}.new`, path);
  clock.pass(1000);
  assert.deepEqual([users(), told()], [5, "info"]);
  clock.pass(10_000);
  assert.equal(log.lines.length, 2);

  writeFileSync(path, "users: nobody\n");
  clock.pass(1000);
  assert.match(String(log.lines.at(-1)?.fields["reason"]), /identity\.yaml:1: users nobody: not a list/);
  assert.deepEqual([users(), told()], [5, "error"]);

  writeFileSync(path, "users: []\n");
  followed.reread();
  assert.deepEqual([users(), told()], [0, "info"]);
  writeFileSync(path, sampleText());
  clock.pass(1000);
  rmSync(path);
  clock.pass(1000);
  assert.deepEqual([users(), told()], [0, "warn"]);

  followed.stop();
  writeFileSync(path, sampleText());
  clock.pass(5000);
  assert.equal(users(), 0);
});

test("one that is wrong at the beginning is not begun with", (t) => {
  const path = join(folder(t), "identity.yaml");
  writeFileSync(path, "projects:\n  - nam: x\nuses: []\n");
  assert.throws(() => followAccounts(path, { clock: fakeClock(), log: fakeLog() }), {
    message: [
      `${path}:2: projects[0].nam x: unknown key; did you mean name?`,
      `${path}:2: projects[0].name: missing`,
      `${path}:3: uses: unknown key; did you mean users?`,
    ].join("\n"),
  });
});

test("ids are UUIDs that follow from names, and no two are the same", () => {
  const ids = [
    idOf("project", "Default", "a"),
    idOf("user", "Default", "a"),
    idOf("project", "Defaulta", ""),
    idOf("project", "Default", "b"),
  ];
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{12}5[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  assert.equal(idOf("project", "Default", "demo"), "4083c918e98f5d7294d8e50fcf9c911f");
});

test("an edit keeps comments and everything else", async () => {
  const hash = await hashPassword("another", CHEAP);
  const text = sampleText();
  const added = withProject({ name: "blue", description: "of the sky" })(text);
  const blue = `  - name: blue\n    id: ${idOf("project", "Default", "blue")}\n    description: of the sky\n`;
  assert.equal(added, text.replace("users:\n", `${blue}users:\n`));

  const granted = withRoles({ name: "bob" }, "blue", ["member", "reader"])(added);
  const again = withRoles({ name: "bob" }, "blue", ["member", "manager"])(granted);
  assert.match(again, /# of another domain/);
  assert.match(again, /blue: \[member, reader, manager\]/);
  const before = sampleAccounts(text);
  const changed = sampleAccounts(withPassword({ name: "alice" }, hash)(text));
  for (const [id, user] of changed.users) {
    const other = before.users.get(id);
    assert.deepEqual({ ...user, passwordHash: "" }, { ...other, passwordHash: "" });
    assert.equal(user.passwordHash === other?.passwordHash, user.name !== "alice");
  }
});

test("an edit that makes a file wrong is refused, and so is one of a wrong file", async () => {
  const passwordHash = await hashPassword("x", CHEAP);
  const refusals: readonly (readonly [() => unknown, RegExp])[] = [
    [() => withProject({ name: "services" })(sampleText()), /services of the domain Default is declared already/],
    [() => withUser({ name: "new", passwordHash, roles: { nowhere: ["member"] } })(sampleText()), /there is no project "nowhere"/],
    [() => withUser({ name: "new", passwordHash, roles: { services: ["boss"] } })(sampleText()), /there is no role "boss"/],
    [() => withRoles({ name: "nobody" }, "services", ["member"])(sampleText()), /there is no user "nobody" in the domain "Default"/],
    [() => withPassword({ name: "alice" }, "plain")(sampleText()), /not a password's hash/],
    [() => withProject({ name: "x" })("users: 7\n"), /users 7: not a list/],
    [() => withProject({ name: "x" })("a: [\n"), /not YAML/],
  ];
  for (const [edit, message] of refusals) assert.throws(edit, { message });
});

test("a first file grows out of nothing", async () => {
  const passwordHash = await hashPassword("x", CHEAP);
  const text = withUser({ name: "admin", passwordHash, roles: { admin: ["admin"] } })(withProject({ name: "admin" })(EMPTY));
  const reading = readAccountsText("identity.yaml", text);
  assert.ok(reading.ok);
  assert.deepEqual([reading.value.users.size, reading.value.projects.size], [1, 1]);
  assert.ok(text.startsWith("# Who may use this cloud"));
});

test("a password is right or wrong, however it is written, and not too many are tried at once", async () => {
  const { check } = passwords();
  const hash = await hashPassword("Zo\u00eb", CHEAP);
  assert.deepEqual(await Promise.all([check("Zo\u00eb", hash), check("Zoe\u0308", hash), check("Zoe", hash), check("", hash)]), [
    "right",
    "right",
    "wrong",
    "wrong",
  ]);
  assert.notEqual(await hashPassword("x", CHEAP), await hashPassword("x", CHEAP));
  const many = await Promise.all(Array.from({ length: 80 }, () => check("x", hash)));
  assert.deepEqual([many.filter((answer) => answer === "wrong").length, many.filter((answer) => answer === "busy").length], [66, 14]);
  assert.equal(await check("Zo\u00eb", hash), "right");
});

test("a file of secrets is nobody else's, and keeps the mode it had", (t) => {
  const path = join(folder(t), "clouds.yaml");
  assert.equal(readIfThere(path), undefined);
  const entry = { cloud: "margay", url: "http://controller:9696/", user: "admin", password: "p: #", project: "admin", region: "RegionOne" };
  writeSecret(path, withCloud("# mine\nclouds:\n  other:\n    region_name: x\n", entry));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const text = readIfThere(path) ?? "";
  assert.match(
    text,
    /^# mine\nclouds:\n {2}other:\n {4}region_name: x\n {2}margay:\n {4}auth:\n {6}auth_url: http:\/\/controller:9696\/identity\/v3\n/,
  );
  assert.match(text, /password: "p: #"/);
  rmSync(path);
  writeFileSync(path, "", { mode: 0o640 });
  writeSecret(path, "a");
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(join(path, "..")), ["clouds.yaml"]);
  assert.throws(() => withCloud("a: [", entry), /not YAML/);
});
