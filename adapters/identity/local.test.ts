import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN_PROJECT, closed, trusting } from "./local.ts";

test("at a private door everybody is an administrator, unless the headers say who it is", async () => {
  const { identify } = trusting();
  assert.deepEqual(await identify({ "x-auth-token": "whatever" }), {
    ok: true,
    value: { user: "admin", project: ADMIN_PROJECT, roles: ["admin"] },
  });
  const headers = { "x-user-id": "u", "x-project-id": "p", "x-roles": "member, reader" };
  assert.deepEqual(await identify(headers), { ok: true, value: { user: "u", project: "p", roles: ["member", "reader"] } });
});

test("at an open door without an identity service nobody is let in", async () => {
  const answer = await closed().identify({ "x-roles": "admin", "x-project-id": "p" });
  assert.equal(answer.ok ? 200 : answer.refusal.status, 401);
});
