import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isMapping } from "../datacenter/source.ts";
import { projectsOf, rolesAt } from "./accounts.ts";
import type { Accounts } from "./accounts.ts";
import { readKnownToken, whoOf } from "./known-token.ts";
import { readPasswordHash } from "./password-hash.ts";
import { readAccounts } from "./read.ts";
import type { IdOf } from "./read.ts";

const HASH = `$scrypt$ln=15,r=8,p=3$${"a".repeat(22)}$${"b".repeat(43)}`;
const idOf: IdOf = (kind, ...names) => [kind, ...names].join("-");
const user = (more: object = {}) => ({ name: "u", password_hash: HASH, ...more });

function read(document: unknown): Accounts {
  const reading = readAccounts(document, idOf);
  assert.ok(reading.ok, reading.ok ? "" : reading.findings.map(({ message }) => message).join("\n"));
  return reading.value;
}

function wrong(document: unknown): readonly string[] {
  const reading = readAccounts(document, idOf);
  return reading.ok ? [] : reading.findings.map(({ message }) => message);
}

describe("an identity file", () => {
  test("needs little: what is left out follows", () => {
    const accounts = read({ projects: [{ name: "p" }], users: [user({ roles: { p: ["manager"] } })] });
    assert.equal(accounts.region, "RegionOne");
    assert.deepEqual([...accounts.domains.values()], [{ id: "default", name: "Default" }]);
    const domain = { id: "default", name: "Default" };
    assert.deepEqual([...accounts.projects.values()], [{ id: "project-Default-p", name: "p", domain, description: "", enabled: true }]);
    const [one] = accounts.users.values();
    assert.ok(one !== undefined);
    assert.deepEqual(rolesAt(accounts, one, { kind: "project", id: "project-Default-p" }), ["manager", "member", "reader"]);
    assert.deepEqual(read({}).users.size, 0);
  });

  test("may name domains, ids and roles of its own", () => {
    const accounts = read({
      region: "home",
      roles: ["auditor"],
      domains: [{ name: "Default", id: "d0" }, { name: "other" }],
      projects: [
        { name: "p", id: "p1" },
        { name: "p", id: "p2", domain: "other" },
      ],
      users: [user({ domain: "other", roles: { p2: ["auditor"], p1: ["reader"] }, domain_roles: { other: ["admin"] } })],
    });
    const [one] = accounts.users.values();
    assert.ok(one !== undefined);
    assert.deepEqual(
      projectsOf(accounts, one).map(({ id }) => id),
      ["p1", "p2"],
    );
    assert.deepEqual(rolesAt(accounts, one, { kind: "domain", id: "domain-other" }), ["admin", "manager", "member", "reader"]);
    assert.equal(accounts.projects.get("p1")?.domain.id, "d0");
  });

  test("out of use: neither the user nor the project gives a role", () => {
    const accounts = read({
      projects: [{ name: "p", enabled: false }, { name: "q" }],
      users: [user({ roles: { p: ["admin"], q: ["member"] } }), user({ name: "v", enabled: false, roles: { q: ["admin"] } })],
    });
    assert.deepEqual(
      [...accounts.users.values()].map((one) => projectsOf(accounts, one).map(({ name }) => name)),
      [["q"], []],
    );
  });

  const refused: readonly (readonly [string, unknown, readonly string[]])[] = [
    ["no mapping", [], ["the document: not a mapping (key: value)"]],
    ["an unknown key", { user: [] }, ["user: unknown key; did you mean users?"]],
    ["a user without a password", { users: [{ name: "u" }] }, ["users[0].password_hash: missing"]],
    [
      "a password in the place of its hash, which is not repeated",
      { users: [{ name: "u", password_hash: "hunter2" }] },
      ["users[0].password_hash: not a password's hash as `margay identity hash-password` prints it"],
    ],
    [
      "roles, projects and domains that are not there",
      {
        projects: [{ name: "demo", domain: "oter" }],
        domains: [{ name: "other" }],
        users: [user({ roles: { demo: ["memebr"], demoo: ["admin"] } })],
      },
      [
        'projects[0].domain oter: there is no domain "oter"; did you mean other?',
        'users[0].roles.demo[0] memebr: there is no role "memebr"; did you mean member?',
        'users[0].roles.demoo: there is no project "demoo"; did you mean demo?',
      ],
    ],
    [
      "a name that two domains have",
      {
        domains: [{ name: "other" }],
        projects: [{ name: "p" }, { name: "p", domain: "other" }],
        users: [user({ roles: { p: ["admin"] } })],
      },
      ["users[0].roles.p: several domains have a project of that name; write its id"],
    ],
    [
      "the same twice",
      {
        projects: [
          { name: "p", id: "a" },
          { name: "q", id: "a" },
        ],
        users: [user(), user()],
      },
      [
        "projects[1]: a is declared already, at projects[0]",
        "users[1]: user-Default-u is declared already, at users[0]",
        "users[1]: u of the domain Default is declared already, at users[0]",
      ],
    ],
    ["roles that are no list", { users: [user({ roles: { p: "admin" } })] }, ["users[0].roles.p admin: not a list"]],
    [
      "roles that are none",
      { projects: [{ name: "p" }], users: [user({ roles: { p: [] } })] },
      ["users[0].roles.p: an empty list; leave the key out"],
    ],
    ["truth in words", { projects: [{ name: "p", enabled: "yes" }] }, ["projects[0].enabled yes: neither true nor false"]],
    [
      "a name with a space at its end",
      { projects: [{ name: "p " }] },
      ["projects[0].name p : not a name: 1 to 255 characters, none at the ends a space"],
    ],
  ];
  for (const [what, document, findings] of refused) test(`is refused with ${what}`, () => assert.deepEqual(wrong(document), findings));
});

test("a hash is taken when it is neither too weak nor too costly", () => {
  const hash = (cost: string, salt = 22, length = 43) => readPasswordHash(`$scrypt$${cost}$${"a".repeat(salt)}$${"b".repeat(length)}`);
  assert.deepEqual(hash("ln=15,r=8,p=3")?.cost, { logN: 15, r: 8, p: 3 });
  for (const cost of ["ln=13,r=8,p=1", "ln=14,r=4,p=1", "ln=14,r=8,p=0", "ln=18,r=8,p=1", "ln=20,r=8,p=1", "n=14"])
    assert.equal(hash(cost), undefined, cost);
  assert.deepEqual(
    [hash("ln=14,r=8,p=1", 10), hash("ln=14,r=8,p=1", 22, 20), readPasswordHash("plain")],
    [undefined, undefined, undefined],
  );
});

describe("a token that Keystone tells of", () => {
  const body = (more: object) => ({
    token: { user: { id: "u" }, expires_at: "2026-11-23T09:00:00.000000Z", roles: [{ name: "member" }], ...more },
  });
  const status = (document: unknown) => {
    const known = readKnownToken(document);
    const who = known && whoOf(known);
    return who?.ok === true ? who.value : who?.refusal;
  };

  test("is somebody's where it is for a project", () => {
    assert.deepEqual(status(body({ project: { id: "p" } })), { user: "u", project: "p", roles: ["member"] });
    assert.equal(readKnownToken(body({ project: { id: "p" } }))?.expires, Date.UTC(2026, 10, 23, 9));
  });

  for (const [scope, more] of [
    ["a domain", { domain: { id: "d" } }],
    ["the system", { system: { all: true } }],
    ["no project", {}],
  ] as const)
    test(`may ask nothing where it is for ${scope}`, () => {
      const refusal = status(body(more));
      assert.ok(isMapping(refusal));
      assert.deepEqual(refusal, {
        status: 403,
        type: "HTTPForbidden",
        message: `Cannot ask the networking API with a token that is for ${scope}: it requires a scope of ['project'].`,
      });
    });

  test("is not understood without a user or an end", () => {
    for (const document of [undefined, {}, { token: {} }, body({ user: {} }), body({ expires_at: "soon" }), body({ expires_at: 7 })])
      assert.equal(readKnownToken(document), undefined, JSON.stringify(document));
  });
});
