/** What holds for every setting by its declaration, and for the language itself. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { text } from "../resource/scalars.ts";
import { isWrong } from "../resource/type.ts";
import { AGENT } from "./agent.ts";
import { CONTROLLER } from "./controller.ts";
import { readSettings, settingChanges } from "./read.ts";
import { section } from "./setting.ts";
import type { Sections } from "./setting.ts";
import { controllerAddress, listen } from "./types.ts";

const processes: Readonly<Record<string, Sections>> = { controller: CONTROLLER, agent: AGENT };
const all = Object.entries(processes).flatMap(([process, sections]) =>
  Object.entries(sections).map(([name, section]) => ({ name: `${process}: ${name}`, ...section })),
);

for (const { name, note, settings } of all) {
  describe(`the settings of ${name}`, () => {
    test("have a note", () => assert.match(note, /\.$/));
    for (const [key, setting] of Object.entries(settings)) {
      test(`${key}: the default is right, and it has a note`, () => {
        assert.match(setting.note, /[.?]$/);
        if ("default" in setting && setting.default !== null) assert.ok(!isWrong(setting.type.read(setting.default)));
      });
    }
  });
}

test("an address is a host and a port, or a path", () => {
  const reads = (raw: unknown) => listen.read(raw);
  assert.deepEqual(reads("192.0.2.1:9696"), { value: { host: "192.0.2.1", port: 9696 } });
  assert.deepEqual(reads("[2001:db8::1]:9696"), { value: { host: "2001:db8::1", port: 9696 } });
  assert.deepEqual(reads("localhost:0"), { value: { host: "localhost", port: 0 } });
  assert.deepEqual(reads("unix:/run/margay.sock"), { value: { path: "/run/margay.sock" } });
  for (const raw of ["", "9696", ":9696", "host:", "host:99999", "2001:db8::1:9696", "unix:relative", "http://host:9696", 9696])
    assert.ok(isWrong(reads(raw)), String(raw));
});

test("a controller is at an http address without a path, or at a unix socket", () => {
  const reads = (raw: unknown) => controllerAddress.read(raw);
  for (const raw of ["http://192.0.2.1:9696", "https://[2001:db8::1]:9696", "unix:/run/margay.sock"])
    assert.deepEqual(reads(raw), { value: raw });
  assert.deepEqual(reads("http://c:9696/"), { value: "http://c:9696" });
  for (const raw of ["c:9696", "http://c/v2.0", "unix:run", "http://u@c", "", 1]) assert.ok(isWrong(reads(raw)), String(raw));
});

const SECRETS = { door: section({ note: "A door.", settings: { word: { type: text(5), secret: true, takes: "at once", note: "It." } } }) };

test("a secret is told neither where it is wrong nor where it changed", () => {
  const wrong = readSettings(SECRETS, { door: { word: "hunter2" } });
  assert.deepEqual(wrong, { ok: false, findings: [{ path: ["door", "word"], message: "door.word: not text(5)" }] });
  const changes = settingChanges(SECRETS, { door: { word: "old" } }, { door: { word: "new" } });
  assert.deepEqual(changes, [{ name: "door.word", takes: "at once" }]);
});

test("what has no default must be said", () => {
  const reading = readSettings(SECRETS, null);
  assert.deepEqual(reading.ok ? [] : reading.findings.map(({ message }) => message), ["door.word: missing"]);
});
