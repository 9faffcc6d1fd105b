/** Who may come through the door to the store, and with what. What then happens to a real store: processes/controller/backup.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { HttpRequest } from "#contracts/http.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import type { StoreFiles } from "#contracts/store-files.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { refused } from "#core/result.ts";
import { CHECKSUM_HEADER, storeDoor } from "./store-door.ts";

const files: StoreFiles = {
  copy: () => Promise.reject(new Error("nobody may get so far")),
  keep: () => Promise.reject(new Error("nobody may get so far")),
  take: async () => refused({ status: 400, type: "InvalidStore", message: "It is none." }),
};

async function ask(said: Partial<HttpRequest>): Promise<{ readonly status: number; readonly type: unknown }> {
  const identity = {
    identify: async (headers: HttpRequest["headers"]) => {
      const role = headers["role"];
      if (role === undefined) return refused({ status: 401, type: "Unauthorized", message: "Who are you?" });
      return { ok: true as const, value: { user: "u", project: "p", roles: [role] } };
    },
    challenge: () => "Keystone",
  };
  const fresh = () => ({ now: "2026-11-23T08:00:00Z", uuid: () => "", below: () => 0n });
  const writer = { write: () => Promise.reject(new Error("nobody may get so far")) };
  const parts = { cloud: new Cloud(), writer, files, identity, fresh, clock: fakeClock(), log: fakeLog() };
  const request = { method: "GET", path: "/margay/v1/store/check", query: [], headers: { role: "admin" }, text: "", base: "", ...said };
  const { status, body } = await storeDoor(parts, async () => ({ status: 299 }))(request);
  return { status, type: (body as { NeutronError?: { type: string } } | undefined)?.NeutronError?.type };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

test("it is for administrators", async () => {
  assert.equal((await ask({})).status, 200);
  for (const name of ["backup", "check", "restore"]) {
    const asked = { path: `/margay/v1/store/${name}`, method: name === "restore" ? "PUT" : "GET", pieces: nothing() };
    assert.deepEqual(await ask({ ...asked, headers: { role: "member" } }), { status: 403, type: "PolicyNotAuthorized" });
    assert.equal((await ask({ ...asked, headers: {} })).status, 401);
  }
});

test("other places and verbs are refused, and what is elsewhere goes on", async () => {
  assert.deepEqual(await ask({ path: "/margay/v1/store/burn" }), { status: 404, type: "HTTPNotFound" });
  assert.deepEqual(await ask({ path: "/margay/v1/store/constructor" }), { status: 404, type: "HTTPNotFound" });
  assert.deepEqual(await ask({ path: "/margay/v1/store/restore", method: "POST" }), { status: 405, type: "HTTPMethodNotAllowed" });
  assert.equal((await ask({ path: "/margay/v1/datacenter" })).status, 299);
});

test("a store is taken only as a file with its checksum", async () => {
  const restore = { path: "/margay/v1/store/restore", method: "PUT" };
  assert.deepEqual(await ask(restore), { status: 400, type: "HTTPBadRequest" });
  assert.deepEqual(await ask({ ...restore, pieces: nothing() }), { status: 400, type: "HTTPBadRequest" });
  const whole = { ...restore, pieces: nothing(), headers: { role: "admin", [CHECKSUM_HEADER]: "00" } };
  assert.deepEqual(await ask(whole), { status: 400, type: "InvalidStore" });
});
