/** What every identity keeps, however it knows tokens. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Identity } from "./identity.ts";

/** Users that must be there: `alice` has the role member in `red`, `nova` the role service in `services`, `bob` reader in `red`. */
export interface IdentityUnderTest {
  readonly identity: Identity;
  /** By name. */
  readonly ids: { readonly alice: string; readonly nova: string; readonly red: string };
  token(user: "alice" | "nova" | "bob", project: "red" | "services" | undefined): Promise<string>;
  revoke(token: string): Promise<void>;
  /** Lets so much time pass that every token given so far has ended, and nothing is remembered of those that were asked about. */
  passLife(): void;
  /** Lets so much time pass that what is remembered is asked about again. */
  passMemory(): void;
}

export function identityContract(name: string, open: (t: TestContext) => Promise<IdentityUnderTest>): void {
  const status = async ({ identity }: IdentityUnderTest, headers: Readonly<Record<string, string>>) => {
    const answer = await identity.identify(headers);
    return answer.ok ? 200 : answer.refusal.status;
  };

  describe(`${name} is an identity:`, () => {
    test("it knows users by their tokens, and what they may in the token's project", async (t) => {
      const { identity, ids, token } = await open(t);
      const who = async (headers: Readonly<Record<string, string>>) => {
        const answer = await identity.identify(headers);
        assert.ok(answer.ok, JSON.stringify(answer));
        return { ...answer.value, roles: new Set(answer.value.roles) };
      };
      const alice = await token("alice", "red");
      // Twice: what is remembered is the same as what was found out.
      for (let time = 0; time < 2; time++) {
        const { user, project, roles } = await who({ "x-auth-token": alice });
        assert.deepEqual([user, project, roles.has("member"), roles.has("admin")], [ids.alice, ids.red, true, false]);
      }
      const nova = await who({ "x-auth-token": await token("nova", "services") });
      assert.deepEqual([nova.user, nova.roles.has("service")], [ids.nova, true]);
    });

    test("nobody is somebody without a token, or by what else is said", async (t) => {
      const world = await open(t);
      const claims = { "x-user-id": "u", "x-project-id": world.ids.red, "x-roles": "admin", "x-identity-status": "Confirmed" };
      const alice = await world.token("alice", "red");
      for (const headers of [
        {},
        claims,
        { "x-auth-token": "" },
        { ...claims, "x-auth-token": "gAAAAA-nonsense" },
        { authorization: alice },
      ])
        assert.equal(await status(world, headers), 401, JSON.stringify(headers));
      for (const other of [`${alice}x`, alice.slice(0, -1), alice.slice(1), alice.toUpperCase(), "x".repeat(20_000)])
        assert.equal(await status(world, { "x-auth-token": other }), 401);
      assert.equal(await status(world, { ...claims, "x-auth-token": alice }), 200);
      const answer = await world.identity.identify({ ...claims, "x-auth-token": alice });
      assert.ok(answer.ok && !answer.value.roles.includes("admin"));
      assert.match(world.identity.challenge("http://controller:9696"), /^Keystone uri="http:\/\/[^"]+"$/);
    });

    test("a token for no project is known, and may ask nothing", async (t) => {
      const world = await open(t);
      assert.equal(await status(world, { "x-auth-token": await world.token("alice", undefined) }), 403);
    });

    test("a token ends; a service may go on with it", async (t) => {
      const world = await open(t);
      const alice = await world.token("alice", "red");
      const [before, reader] = [await world.token("nova", "services"), await world.token("bob", "red")];
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": before }), 200);
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": reader }), 200);
      world.passLife();
      assert.equal(await status(world, { "x-auth-token": alice }), 401);
      const [service, other] = [await world.token("nova", "services"), await world.token("bob", "red")];
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": service }), 200);
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": other }), 401);
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": before }), 401);
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": "" }), 401);
      assert.equal(await status(world, { "x-auth-token": "nonsense", "x-service-token": service }), 401);
      // What a service may is not what everybody may.
      assert.equal(await status(world, { "x-auth-token": alice }), 401);
    });

    test("a bad service token spoils a good token", async (t) => {
      const world = await open(t);
      const alice = await world.token("alice", "red");
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": "nonsense" }), 401);
      assert.equal(await status(world, { "x-auth-token": alice }), 200);
    });

    test("a revoked token is taken no more, also from services; others are", async (t) => {
      const world = await open(t);
      const [alice, again] = [await world.token("alice", "red"), await world.token("alice", "red")];
      const service = await world.token("nova", "services");
      assert.equal(await status(world, { "x-auth-token": alice }), 200);
      await world.revoke(alice);
      world.passMemory();
      assert.equal(await status(world, { "x-auth-token": alice }), 401);
      assert.equal(await status(world, { "x-auth-token": alice, "x-service-token": service }), 401);
      assert.equal(await status(world, { "x-auth-token": again }), 200);
    });

    test("many who ask at once are told the same", async (t) => {
      const world = await open(t);
      const alice = await world.token("alice", "red");
      const answers = await Promise.all(Array.from({ length: 50 }, () => status(world, { "x-auth-token": alice })));
      assert.deepEqual([...new Set(answers)], [200]);
    });
  });
}
