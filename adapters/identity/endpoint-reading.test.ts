/** What there is to read at the embedded identity service, and who may. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRequest } from "#contracts/http.ts";
import { admin, RED, service } from "./sandbox.ts";

test("an administrator reads everything, others what is theirs, and nobody writes", async () => {
  const { tokenOf, get, ask, accounts } = await service();
  const [mine, roots] = [await tokenOf(), await tokenOf(admin)];
  const names = async (path: string, token: string, query: HttpRequest["query"] = []) => {
    const { status, body } = await get(path, token, query);
    if (status !== 200) return status;
    const [items] = Object.values(body as Readonly<Record<string, readonly { readonly name: string }[]>>);
    return items?.map(({ name }) => name);
  };
  assert.deepEqual(await names("/v3/projects", roots), ["red", "services", "admin", "closed", "red"]);
  assert.deepEqual(
    await names("/v3/projects", roots, [
      ["name", "red"],
      ["domain_id", "default"],
    ]),
    ["red"],
  );
  assert.deepEqual(await names("/v3/projects", roots, [["enabled", "False"]]), ["closed"]);
  assert.deepEqual(await names("/v3/projects", roots, [["constructor", "x"]]), ["red", "services", "admin", "closed", "red"]);
  assert.deepEqual(await names("/v3/projects", mine), ["red"]);
  assert.deepEqual(await names("/v3/auth/projects", mine), ["red"]);
  assert.deepEqual(await names("/v3/auth/domains", mine), ["Elsewhere"]);
  assert.deepEqual(await names("/v3/users", mine), ["alice"]);
  assert.deepEqual(await names("/v3/users", roots), ["alice", "bob", "nova", "root", "gone"]);
  assert.deepEqual(await names("/v3/roles", roots), ["admin", "manager", "member", "reader", "service"]);
  for (const path of ["/v3/roles", "/v3/services", "/v3/endpoints", "/v3/regions", "/v3/groups", "/v3/role_assignments"])
    assert.equal((await get(path, mine)).status, 403, path);

  const id = (name: string) => [...accounts().users.values()].find((user) => user.name === name)?.id ?? "";
  assert.deepEqual(await names(`/v3/users/${id("alice")}/projects`, mine), ["red"]);
  assert.deepEqual(await names(`/v3/projects/${RED.id}/users/${id("alice")}/roles`, mine), ["member"]);
  for (const path of [`/v3/users/${id("bob")}`, `/v3/users/${id("bob")}/projects`, "/v3/users/nobody", "/v3/projects/nowhere"])
    assert.equal((await get(path, mine)).status, 403, path);
  for (const path of [
    "/v3/users/nobody",
    "/v3/users/nobody/projects",
    "/v3/projects/nowhere",
    "/v3/dragons",
    "/v3/constructor",
    "/v3/users/a/b/c/d/e",
    "/v2.0",
  ])
    assert.equal((await get(path, roots)).status, 404, path);
  for (const [method, path] of [
    ["POST", "/v3/projects"],
    ["PATCH", `/v3/users/${id("bob")}`],
    ["DELETE", `/v3/projects/${RED.id}`],
  ] as const) {
    const answer = await ask(method, path, { headers: { "x-auth-token": roots }, text: "{}" });
    assert.equal(answer.status, 403);
    assert.match(JSON.stringify(answer.body), /kept in a file/);
  }
});

test("role assignments are listed by user, project and role, with names and with what is implied", async () => {
  const { tokenOf, get, accounts } = await service();
  const roots = await tokenOf(admin);
  const bob = [...accounts().users.values()].find((user) => user.name === "bob")?.id ?? "";
  const list = async (query: HttpRequest["query"]) =>
    ((await get("/v3/role_assignments", roots, query)).body as { role_assignments: readonly Readonly<Record<string, { name?: string }>>[] })
      .role_assignments;
  assert.equal((await list([])).length, 7);
  assert.deepEqual(
    (await list([["user.id", bob]])).map(({ scope }) => scope),
    [{ project: { id: RED.id } }],
  );
  const named = await list([
    ["scope.project.id", RED.id],
    ["include_names", "True"],
    ["effective", ""],
  ]);
  assert.deepEqual(
    named.map(({ user, role }) => [user?.name, role?.name]),
    [
      ["alice", "member"],
      ["alice", "reader"],
      ["bob", "reader"],
    ],
  );
  assert.deepEqual(await list([["group.id", "x"]]), []);
});
