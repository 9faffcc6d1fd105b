/** The embedded identity service over fakes, for its tests: asked without a network. */
import assert from "node:assert/strict";
import { fakeClock } from "#contracts/clock.fake.ts";
import type { HttpAnswer, HttpRequest } from "#contracts/http.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { Store } from "#contracts/store.ts";
import { PASSWORDS, sampleAccounts } from "./sample-accounts.ts";
import { embeddedIdentity } from "./service.ts";

export const RED = { id: "1ed00000000000000000000000000001" };
export const DEFAULT = { id: "default" };

interface Login {
  readonly user?: object;
  readonly scope?: unknown;
}

/** A service whose accounts can be exchanged under it. */
export async function service(store: Store = memoryStore(), clock = fakeClock()) {
  let accounts = sampleAccounts();
  const log = fakeLog();
  const { identity, handle, stop } = await embeddedIdentity({ accounts: () => accounts, store, clock, log, tokenSeconds: 3600 });
  const ask = (method: string, path: string, more: Partial<HttpRequest> = {}) =>
    handle({
      method,
      path: `/identity${path}`,
      query: [],
      headers: {},
      text: "",
      base: "http://controller:9696",
      from: "192.0.2.7",
      ...more,
    });
  const post = (auth: object, more: Partial<HttpRequest> = {}) =>
    ask("POST", "/v3/auth/tokens", { text: JSON.stringify({ auth }), ...more });
  const login = ({ user = alice(), ...said }: Login = {}, more: Partial<HttpRequest> = {}) =>
    post({ identity: { methods: ["password"], password: { user } }, scope: { project: RED }, ...said }, more);
  const tokenOf = async (said: Login = {}) => {
    const answer = await login(said);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.headers?.["x-subject-token"] ?? "";
  };
  const get = async (path: string, token: string, query: HttpRequest["query"] = []) =>
    await ask("GET", path, { headers: { "x-auth-token": token }, query });
  return {
    identity,
    ask,
    post,
    login,
    tokenOf,
    get,
    stop,
    log,
    clock,
    store,
    accounts: () => accounts,
    exchange: (text: string) => (accounts = sampleAccounts(text)),
  };
}

export const alice = (password: string = PASSWORDS.alice) => ({ name: "alice", domain: { name: "Default" }, password });
export const root = { name: "root", domain: DEFAULT, password: PASSWORDS.root };
export const admin = { user: root, scope: { project: { name: "admin", domain: DEFAULT } } };

export const error = ({ status, body }: HttpAnswer) => [status, (body as { error?: { title: string } } | undefined)?.error?.title];

/** What a token says; answers have no types of their own. */
export function tokenIn({ body }: HttpAnswer): Readonly<Record<string, unknown>> {
  return (body as { token: Readonly<Record<string, unknown>> }).token;
}
