/** Rules of operators: the language, and what of a file is refused or merely remarked upon. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readExpression } from "./expression.ts";
import { readPolicy } from "./policy-file.ts";
import type { KnownPolicy } from "./policy-file.ts";
import { taken } from "./policy.ts";
import type { Policy } from "./policy.ts";
import type { Rule, Target } from "./rule.ts";
import type { Who } from "./who.ts";

const who = (project: string, ...roles: readonly string[]): Who => ({ user: "u", project, roles });
const KNOWN: readonly KnownPolicy[] = [
  { name: "get_network", text: "rule:admin_only or (role:reader and project_id:%(project_id)s) or rule:shared", parents: [] },
  { name: "delete_network", text: "rule:admin_only or (role:member and project_id:%(project_id)s)", parents: [] },
  { name: "create_port", text: "rule:admin_only or (role:member and rule:network_owner)", parents: ["network"] },
  { name: "create_port:device_owner", text: "not rule:network_device or rule:admin_only", parents: ["network"] },
  { name: "create_port:binding:profile", text: "rule:service_api", parents: ["network"] },
  { name: "create_floatingip_port_forwarding", text: "rule:admin_only or rule:ext_parent_owner", parents: ["ext_parent", "floatingip"] },
];

function reading(file: Readonly<Record<string, unknown>>) {
  return readPolicy(
    Object.entries(file).map(([name, value]) => ({ name, value })),
    KNOWN,
  );
}

function policy(file: Readonly<Record<string, unknown>>): Policy {
  const read = reading(file);
  assert.ok(read.ok, JSON.stringify(read));
  return read.policy;
}

/** Does the rule, in place of a policy's own, let them? */
const holds = (rule: string, asker: Who, target: Target = { owner: "p" }, name = "create_port") =>
  policy({ [name]: rule }).allows({ name, rule: [] }, asker, target);

const problems = (file: Readonly<Record<string, unknown>>) => {
  const read = reading(file);
  return read.ok ? [] : read.problems.map(({ name, reason }) => `${name}: ${reason}`);
};

describe("a check", () => {
  const port: Target = { owner: "p", parent: "n", deviceOwner: "network:dhcp", fields: { name: "eth", mtu: 1500, admin_state_up: true } };
  const cases: readonly (readonly [rule: string, asker: Who, expected: boolean])[] = [
    ["", who("q"), true],
    ["@", who("q"), true],
    ["!", who("p", "admin"), false],
    ["role:member", who("q", "member"), true],
    ["role:Member", who("q", "member"), true],
    ["role:reader", who("q", "member"), true],
    ["role:netadmin", who("q", "netadmin"), true],
    ["role:netadmin", who("q", "member"), false],
    ["project_id:%(project_id)s", who("p"), true],
    ["tenant_id:%(tenant_id)s", who("p"), true],
    ["project_id:%(project_id)s", who("q"), false],
    ["project_id:%(network:project_id)s", who("n"), true],
    ["tenant_id:%(network:tenant_id)s", who("p"), false],
    ["project_id:%(security_group:project_id)s", who("n"), false],
    ["project_id:q", who("q"), true],
    ["project_id:'q'", who("q"), true],
    ["user_id:u", who("q"), true],
    ["user_id:%(user_id)s", who("p"), false],
    ["'eth':%(name)s", who("p"), true],
    ["'lo':%(name)s", who("p"), false],
    ["field:port:name=eth", who("p"), true],
    ["field:ports:mtu=1500", who("p"), true],
    ["field:ports:admin_state_up=True", who("p"), true],
    ["field:ports:admin_state_up=False", who("p"), false],
    ["field:port:device_owner=~^network:", who("p"), true],
    ["field:port:device_owner=~dhcp", who("p"), false],
    ["field:port:device_owner=network:dhcp", who("p"), true],
    ["field:networks:shared=True", who("p"), false],
    ["is_admin:True", who("q", "admin"), true],
    ["is_admin:False", who("q", "member"), true],
    ["system_scope:all", who("q", "admin"), false],
    ["rule:admin_or_owner", who("p"), true],
    ["rule:network_owner", who("n"), true],
  ];
  for (const [rule, asker, expected] of cases)
    test(`${rule || "of no words"}: ${asker.roles.join(" ") || "no role"} of ${asker.project} ${expected ? "may" : "may not"}`, () =>
      assert.equal(holds(rule, asker, port), expected));

  test("the parent of what lies below another has two names", () => {
    for (const parent of ["ext_parent", "floatingip"])
      assert.ok(holds(`project_id:%(${parent}:tenant_id)s`, who("n"), port, "create_floatingip_port_forwarding"), parent);
  });
});

describe("an expression", () => {
  const cases: readonly (readonly [rule: string, expected: boolean])[] = [
    ["@ or ! and !", true],
    ["(@ or !) and !", false],
    ["not ! and @", true],
    ["not (! or @)", false],
    ["not not @", true],
    ["((@))", true],
    ["! OR NOT !", true],
    ["(role:member and project_id:%(project_id)s) or !", true],
    ["  @   and\n  @ ", true],
  ];
  for (const [rule, expected] of cases) test(rule, () => assert.equal(holds(rule, who("p", "member")), expected));

  const refused: readonly (readonly [rule: string, reason: string])[] = [
    ["@ @", '"@" where "and", "or" or the end was expected'],
    ["and @", '"and" where a check was expected'],
    ["@ or", "the end where a check was expected"],
    ["(@", 'the end where ")" was expected'],
    ["@)", '")" where "and", "or" or the end was expected'],
    ["()", '")" where a check was expected'],
    ["member", '"member" is no check: KIND:VALUE is one'],
    ["role:", '"role:" is no check: KIND:VALUE is one'],
    ["role:%(x)s", '"%(x)s" must be a plain word'],
    ["http://judge/ask", '"http:" would ask another server, which is not done here'],
    ["colour:blue", '"colour:" is not known of whoever asks: role, rule, field, is_admin, project_id, tenant_id and user_id are'],
    ["project_id:%(network:name)s", '"%(network:name)s": of what something hangs on, only the project is known'],
    ["project_id:%(", '"%(" is not of the form %(ATTRIBUTE)s or %(PARENT:project_id)s'],
    ["field:port=x", '"field:port=x" is not of the form field:RESOURCE:ATTRIBUTE=VALUE'],
    ["field:port:name=~[", '"[" is not a regular expression'],
    ["is_admin:perhaps", '"is_admin:perhaps": it is True or False'],
  ];
  for (const [rule, reason] of refused) test(`"${rule}" is refused`, () => assert.deepEqual(readExpression(rule), { ok: false, reason }));
});

describe("a file", () => {
  const declared: Rule = ["admin"];
  const ask = (made: Policy, name: string, asker: Who, target: Target = { owner: "p" }) =>
    made.allows({ name, rule: declared }, asker, target);

  test("changes what it says, and leaves the rest as it is declared", () => {
    const made = policy({ get_network: "role:auditor" });
    assert.ok(ask(made, "get_network", who("q", "auditor")));
    assert.ok(!ask(made, "get_network", who("q", "admin")));
    assert.ok(ask(made, "delete_network", who("q", "admin")));
    assert.ok(!ask(made, "delete_network", who("q", "auditor")));
  });

  test("that changes a rule changes what is made of it", () => {
    const made = policy({ network_owner: "project_id:landlord" });
    assert.ok(ask(made, "create_port", who("landlord", "member"), { owner: "q", parent: "p" }));
    assert.ok(!ask(made, "create_port", who("p", "member"), { owner: "q", parent: "p" }));
  });

  test("may have rules of its own", () => {
    const made = policy({ landlord: "role:landlord and rule:owner", get_network: "rule:landlord or rule:shared" });
    assert.ok(ask(made, "get_network", who("p", "landlord")));
    assert.ok(!ask(made, "get_network", who("q", "landlord")));
    assert.ok(ask(made, "get_network", who("q"), { owner: "p", shared: true }));
  });

  test("says who is an administrator", () => {
    const made = policy({ context_is_admin: "role:admin or role:cloud_admin" });
    assert.deepEqual(taken(who("q", "cloud_admin"), { policy: made, adminIsService: true }).taken, { admin: true, service: true });
    assert.deepEqual(taken(who("q", "cloud_admin"), { policy: made, adminIsService: false }).taken, { admin: true, service: false });
    assert.ok(ask(made, "delete_network", who("q", "cloud_admin")));
    const narrow = policy({ context_is_admin: "role:admin and project_id:p" });
    assert.equal(taken(who("q", "admin"), { policy: narrow, adminIsService: true }).taken?.admin, false);
  });

  test("leaves it to the setting who is a service, unless it says so itself", () => {
    const admin = (made: Policy) => taken(who("q", "admin"), { policy: made, adminIsService: true });
    const name = "create_port:binding:profile";
    const usual = policy({ [name]: "rule:service_api" });
    assert.ok(ask(usual, name, admin(usual)));
    const strict = policy({ service_api: "role:service" });
    assert.ok(!ask(strict, name, admin(strict)));
    const byRole = policy({ [name]: "role:service" });
    assert.ok(!ask(byRole, name, admin(byRole)));
  });

  test("is refused whole, with all that is wrong", () => {
    assert.deepEqual(problems({ get_network: "rule:nobody", create_port: 7, delete_network: [["role:x"]], fine: "@" }), [
      "create_port: a rule is a text",
      "delete_network: lists are how rules were written long ago: write a text with and, or, not",
      'get_network: there is no rule "nobody"',
    ]);
    assert.deepEqual(problems({ a: "rule:b", b: "not rule:c", c: "rule:a or @", get_network: "rule:a" }), [
      "a: it leads back to itself: a → b → c → a",
      "b: it leads back to itself: b → c → a → b",
      "c: it leads back to itself: c → a → b → c",
    ]);
    assert.deepEqual(problems({ shared: "rule:shared" }), ["shared: it leads back to itself: shared → shared"]);
    assert.deepEqual(problems({ owner: "rule:admin_or_owner" }), ["owner: it leads back to itself: owner → admin_or_owner → owner"]);
    assert.deepEqual(problems({ a: "rule:b", b: "(" }), ["b: the end where a check was expected"]);
  });

  test("with rules that do nothing is taken, and they are named", () => {
    const read = reading({
      create_metering_label: "@",
      get_network: "system_scope:all or project_id:%(network:project_id)s or user_id:%(user_id)s",
      own: "role:x",
      delete_network: "rule:own",
    });
    assert.deepEqual(read.ok && read.warnings.map(({ name, reason }) => `${name}: ${reason}`), [
      "create_metering_label: nothing here asks for it",
      "get_network: system_scope never holds: tokens of a whole system are not let in",
      "get_network: %(network:project_id)s never holds: what this asks about hangs on no network",
      "get_network: %(user_id)s never holds: things belong to projects",
    ]);
  });
});
