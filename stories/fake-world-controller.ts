/** One life of the controller over a store in memory: wired as the process wires it, and killed without a word. */
import { timeOf } from "#adapters/clock/fresh.ts";
import { trusting } from "#adapters/identity/local.ts";
import type { AcceptAgent } from "#contracts/feed.ts";
import type { Handle, HttpAnswer } from "#contracts/http.ts";
import type { Log } from "#contracts/log.ts";
import type { Store } from "#contracts/store.ts";
import { decideApply } from "#core/datacenter/apply.ts";
import { answerMargay } from "#core/rollout/api.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { answer } from "#core/neutron/api.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import { decideRestore } from "#core/neutron/restore.ts";
import { api } from "#engine/api.ts";
import { feedServer } from "#engine/feed-server.ts";
import { load } from "#engine/present.ts";
import { writer } from "#engine/writer.ts";
import type { Ask, Rewrite } from "./cast.ts";
import { life, never } from "./fake-world-time.ts";
import type { Life, Time } from "./fake-world-time.ts";

export interface ControllerParts {
  readonly store: Store;
  readonly time: Time;
  readonly log: Log;
  readonly chance: Chance;
  /** Milliseconds from when the store is asked to commit until it has. */
  readonly commitMs: number;
}

/** Where ids and random numbers come from: the same ones for every world that asks for the same. */
export interface Chance {
  uuid(): string;
  below(bound: bigint): bigint;
}

export interface FakeController {
  readonly accept: AcceptAgent;
  readonly ask: Ask;
  apply(datacenter: DataCenter): Promise<void>;
  readonly rewrite: Rewrite;
  kill(): void;
}

export async function fakeController({ store, time, log, chance, commitMs }: ControllerParts): Promise<FakeController> {
  const own = life();
  const clock = time.clockOf(own);
  const disk = () => new Promise<void>((resolve) => (commitMs === 0 ? resolve() : clock.after(commitMs, resolve)));
  const held = heldBy(own, store, disk);
  const answered = <T>(promise: Promise<T>) => untilAnswered(promise, () => time.pass(commitMs));
  const present = await load(held, new Cloud());
  const fresh = () => ({ now: timeOf(clock), ...chance });
  const write = writer({ store: held, present, fresh, clock, log });
  const parts = { "v2.0": answer, "margay/v1": answerMargay(() => undefined) };
  const handle = api({ cloud: present.state, writer: write, identity: trusting(), clock, now: () => timeOf(clock), parts });
  return {
    accept: feedServer({ present, writer: write, clock, log }).accept,
    ask: (method, path, body) => answered(ask(handle, { method, path, body })),
    apply: async (datacenter) => {
      const applied = await answered(write.write((cloud, fresh) => decideApply(cloud, { datacenter, project: "admin" }, fresh)));
      if (!applied.ok) throw new Error(applied.refusal.message);
    },
    rewrite: async (change) => {
      const restored = await answered(write.write((cloud, fresh) => decideRestore(change(new Map(cloud.entries())))(cloud, fresh)));
      if (!restored.ok) throw new Error(restored.refusal.message);
    },
    kill: () => own.end(),
  };
}

/** What the dead have asked the store for may have been done; they do not hear of it. */
function heldBy(own: Life, store: Store, disk: () => Promise<void>): Store {
  const toTheLiving = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    return own.alive ? value : never();
  };
  return {
    range: (prefix) => toTheLiving(store.range(prefix)),
    commit: async (transaction) => {
      await disk();
      return own.alive ? toTheLiving(store.commit(transaction)) : never();
    },
    watch: (prefix, from, each) => store.watch(prefix, from, (commit) => own.alive && each(commit)),
    close: async () => undefined,
  };
}

async function ask(
  handle: Handle,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: object | undefined },
) {
  const url = new URL(path, "http://controller/v2.0/");
  const text = body === undefined ? "" : JSON.stringify(body);
  const request = { method, path: url.pathname, query: [...url.searchParams], headers: {}, text, base: "http://controller" };
  const { status, body: told }: HttpAnswer = await handle(request);
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(told)}`);
  return told;
}

/** The writer gathers what is asked at one moment, and the store has its time: so moments must go by. */
async function untilAnswered<T>(promise: Promise<T>, moment: () => Promise<void>): Promise<T> {
  const known = { done: false };
  void promise.finally(() => (known.done = true)).catch(() => {});
  for (let moments = 0; !known.done; moments++) {
    if (moments > 20) throw new Error("nobody answers");
    await moment();
  }
  return promise;
}

/** Counts up, so that ids differ at the front (a tap is named after the first characters of its port's id). */
export function counting(): Chance {
  let [ids, draws] = [0, 0n];
  return {
    uuid: () => `${(++ids).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
    // Knuth's multiplicative hashing, by the golden ratio of 2^64.
    below: (bound) => BigInt.asUintN(64, ++draws * 0x9e3779b97f4a7c15n) % bound,
  };
}
