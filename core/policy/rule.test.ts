/** Who may, by role and by whose it is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allows } from "./rule.ts";
import type { Persona, Target } from "./rule.ts";
import type { Who } from "./who.ts";

const who = (project: string, ...roles: readonly string[]): Who => ({ user: "u", project, roles });
const mine: Target = { owner: "p", parent: "q" };

const cases: readonly (readonly [Persona, Who, Target, boolean])[] = [
  ["admin", who("elsewhere", "admin"), mine, true],
  ["admin", who("p", "member", "service"), mine, false],
  ["service", who("elsewhere", "service"), mine, true],
  ["service", who("p", "admin"), mine, false],
  ["data_plane_integrator", who("elsewhere", "data_plane_integrator"), mine, true],
  ["data_plane_integrator", who("p", "member"), mine, false],
  ["member@owner", who("p", "member"), mine, true],
  ["member@owner", who("p", "manager"), mine, true],
  ["member@owner", who("p", "reader"), mine, false],
  ["member@owner", who("q", "member"), mine, false],
  ["reader@owner", who("p", "member"), mine, true],
  ["reader@owner", who("p"), mine, false],
  ["manager@owner", who("p", "member"), mine, false],
  ["member@parent", who("q", "member"), mine, true],
  ["member@parent", who("p", "member"), mine, false],
  ["member@parent", who("p", "member"), { owner: "p" }, false],
  ["shared", who("elsewhere", "member"), { owner: "p", shared: true }, true],
  ["shared", who("p", "member"), mine, false],
  ["shared", who("elsewhere"), { owner: "p", shared: true }, false],
  ["member@shared", who("elsewhere", "member"), { owner: "p", shared: true }, true],
  ["member@shared", who("elsewhere", "reader"), { owner: "p", shared: true }, false],
  ["member@shared", who("p", "member"), mine, false],
  ["external", who("elsewhere"), { owner: "p", external: true }, false],
  ["external", who("elsewhere", "member"), { owner: "p", external: true }, true],
  ["external", who("p", "member"), { owner: "p", shared: true }, false],
  ["plain device", who("p", "member"), { owner: "p", deviceOwner: "compute:nova" }, true],
  ["plain device", who("p", "member"), { owner: "p", deviceOwner: "network:dhcp" }, false],
  ["advsvc", who("elsewhere", "advsvc"), mine, true],
  ["reader", who("elsewhere", "member"), mine, true],
  ["reader", who("p"), mine, false],
  ["plain target", who("p", "member"), mine, true],
  ["plain target", who("p", "member"), { owner: "p", toEverybody: true }, false],
  ["admin", { ...who("p", "operator"), taken: { admin: true, service: false } }, mine, true],
  ["admin", { ...who("p", "admin"), taken: { admin: false, service: false } }, mine, false],
  ["service", { ...who("p", "admin"), taken: { admin: true, service: true } }, mine, true],
  ["anybody", who("elsewhere"), mine, true],
];

describe("a persona", () => {
  for (const [persona, asker, target, expected] of cases)
    test(`${persona}: ${asker.roles.join(" and ") || "no role"} of ${asker.project} ${expected ? "may" : "may not"} with ${JSON.stringify(target)}`, () =>
      assert.equal(allows([persona], asker, target), expected));

  test("one of several is enough; of none, none", () => {
    assert.ok(allows(["admin", "member@owner"], who("p", "member"), mine));
    assert.ok(!allows([], who("p", "admin"), mine));
  });

  test("roles that are words of the language are only words", () => assert.ok(!allows(["member@owner"], who("p", "constructor"), mine)));
});
