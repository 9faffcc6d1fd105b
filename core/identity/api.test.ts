import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerIdentity } from "./api.ts";
import { rolesAt } from "./accounts.ts";
import { readAccounts } from "./read.ts";
import type { IdentityAnswer } from "./refusals.ts";

const HASH = `$scrypt$ln=15,r=8,p=3$${"a".repeat(22)}$${"b".repeat(43)}`;
const DOCUMENT = {
  projects: [{ name: "demo" }, { name: "other" }],
  users: [
    { name: "root", password_hash: HASH, roles: { demo: ["admin"] } },
    { name: "alice", password_hash: HASH, roles: { demo: ["member"] } },
  ],
};

/** `place` below /v3, with its query. */
function ask(name: "root" | "alice", place: string, method = "GET"): IdentityAnswer {
  const reading = readAccounts(DOCUMENT, (kind, ...names) => [kind, ...names].join("-"));
  assert.ok(reading.ok);
  const user = [...reading.value.users.values()].find((one) => one.name === name);
  assert.ok(user);
  const at = { kind: "project", id: "project-Default-demo" } as const;
  const claims = { user: user.id, place: at, issued: 0, expires: 1, audit: "", methods: ["password"] };
  const [path = "", query = ""] = place.split("?");
  return answerIdentity(reading.value, {
    method,
    path: path.split("/"),
    query: query === "" ? [] : query.split("&").map((pair) => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""] as const),
    asker: { user, claims, roles: rolesAt(reading.value, user, at) },
    base: "http://controller:9696",
  });
}

function names({ status, body }: IdentityAnswer, plural: string): readonly string[] {
  assert.equal(status, 200);
  return (body as Readonly<Record<string, readonly { readonly name: string }[]>>)[plural]?.map(({ name }) => name) ?? [];
}

describe("what may be known of users and projects", () => {
  test("administrators know all", () => {
    assert.deepEqual(names(ask("root", "projects"), "projects"), ["demo", "other"]);
    assert.deepEqual(names(ask("root", "projects?name=other"), "projects"), ["other"]);
    assert.deepEqual(names(ask("root", "projects?name=nothing"), "projects"), []);
    assert.equal(ask("root", "projects/project-Default-other").status, 200);
    assert.equal(ask("root", "projects/nothing").status, 404);
  });

  test("everybody knows their own", () => {
    assert.deepEqual(names(ask("alice", "projects"), "projects"), ["demo"]);
    assert.deepEqual(names(ask("alice", "projects?name=demo"), "projects"), ["demo"]);
    assert.deepEqual(names(ask("alice", "users"), "users"), ["alice"]);
    assert.equal(ask("alice", "projects/project-Default-demo").status, 200);
  });

  test("nobody is told whether there are others: `openstack` then takes a name for an id", () => {
    const places = ["projects?name=other", "projects?name=nothing", "projects/project-Default-other", "projects/nothing", "services"];
    for (const place of places) assert.equal(ask("alice", place).status, 403, place);
  });

  test("nobody changes anything", () => {
    for (const method of ["POST", "PATCH", "DELETE"]) assert.equal(ask("root", "projects", method).status, 403, method);
  });
});
