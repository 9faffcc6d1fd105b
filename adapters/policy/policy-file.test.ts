import assert from "node:assert/strict";
import { test } from "node:test";
import { policyOf, readPolicyFile } from "./policy-file.ts";

const ADMIN = { user: "u", project: "p", roles: ["admin"] };
const problems = (text: string) => {
  const reading = policyOf(text, "policy.yaml");
  return reading.ok ? [] : reading.problems;
};

test("YAML and JSON, quoted or not, with comments and over several lines", () => {
  const yaml = '# mine\n"create_network": "!"\nget_network: rule:admin_only or\n  role:auditor\n';
  const json = '{"create_network": "!", "get_network": "rule:admin_only or role:auditor"}';
  for (const text of [yaml, json]) {
    const reading = policyOf(text, "policy");
    assert.ok(reading.ok, JSON.stringify(reading));
    assert.deepEqual(Object.fromEntries(reading.rules), { create_network: "!", get_network: "rule:admin_only or role:auditor" });
    assert.equal(reading.policy.allows({ name: "create_network", rule: ["admin"] }, ADMIN, { owner: "p" }), false);
  }
});

test("nothing but comments changes nothing", () => {
  for (const text of ["", '# "create_network": "rule:admin_only"\n', "{}"]) {
    const reading = policyOf(text, "policy.yaml");
    assert.ok(reading.ok);
    assert.ok(reading.policy.allows({ name: "create_network", rule: ["admin"] }, ADMIN, { owner: "p" }));
  }
});

test("what is wrong has its line", () => {
  assert.deepEqual(problems("get_network: rule:nobody\n\ncreate_network: (role:x\n"), [
    'policy.yaml:1: get_network: there is no rule "nobody"',
    'policy.yaml:3: create_network: the end where ")" was expected',
  ]);
  assert.deepEqual(problems("- create_network\n"), ["policy.yaml:1: a policy file is a mapping of names to rules"]);
  assert.deepEqual(problems("create_network: null\n"), ["policy.yaml:1: create_network: a rule is a text"]);
  assert.match(problems("create_network: [\n").join(), /^policy\.yaml:\d+: not YAML: /);
  assert.match(problems("a: '@'\na: '!'\n").join(), /^policy\.yaml:2: not YAML: Map keys must be unique$/);
});

test("what does nothing has its line, too", () => {
  const reading = policyOf('create_network: "@"\ncreate_metering_label: "@"\n', "policy.yaml");
  assert.deepEqual(reading.ok && reading.warnings, ["policy.yaml:2: create_metering_label: nothing here asks for it"]);
});

test("a file that is not there is a problem", async () => {
  const reading = await readPolicyFile("/nowhere/policy.yaml");
  assert.match(reading.ok ? "" : reading.problems.join(), /^\/nowhere\/policy\.yaml: cannot be read: ENOENT/);
});
