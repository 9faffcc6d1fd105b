/**
 * What all controllers of a cloud know about tokens: the key that seals them, and which were given back before their time. Both
 * are in the store: whatever controller is asked, and however often it was started, gives and takes the same tokens, and one
 * that is revoked anywhere is soon revoked everywhere. Whoever reads the store can make tokens; its file is nobody else's.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "#contracts/clock.ts";
import type { Store } from "#contracts/store.ts";
import { isMapping } from "#core/datacenter/source.ts";

/** What the store has below this is no part of the cloud. */
const KEY = "identity/key";
const REVOKED = "identity/revoked/";
const KEY_BYTES = 32;

export interface TokenKeys {
  readonly key: Buffer;
  /** By its audit id. */
  isRevoked(audit: string): boolean;
  /** Rejects when the store cannot say whether it holds. `until`: when it would not be accepted any more anyway. */
  revoke(audit: string, until: number): Promise<void>;
  /** Looks no more at the store. */
  stop(): void;
}

export async function tokenKeys(store: Store, clock: Clock): Promise<TokenKeys> {
  const key = await sharedKey(store);
  const revoked = new Map<string, number>();
  const { entries, revision } = await store.range(REVOKED);
  const take = (name: string, value: string | undefined) => {
    if (value === undefined) revoked.delete(name.slice(REVOKED.length));
    else revoked.set(name.slice(REVOKED.length), untilIn(value));
  };
  for (const entry of entries) take(entry.key, entry.value);
  const stop = store.watch(REVOKED, revision, ({ writes }) => {
    for (const write of writes) take(write.key, write.value);
  });
  return {
    key,
    stop,
    isRevoked: (audit) => revoked.has(audit),
    revoke: async (audit, until) => {
      // At once here, whatever becomes of it in the store; and what has run out is forgotten on the way.
      revoked.set(audit, until);
      const past = [...revoked].filter(([other, end]) => end < clock.now() && other !== audit).slice(0, 50);
      const writes = [
        { key: `${REVOKED}${audit}`, value: JSON.stringify({ until }) },
        ...past.map(([other]) => ({ key: `${REVOKED}${other}` })),
      ];
      await store.commit({ if: [], writes });
    },
  };
}

/** The one that is there, or a new one; of several controllers that start at once, one makes it. */
async function sharedKey(store: Store): Promise<Buffer> {
  const value = JSON.stringify({ key: randomBytes(KEY_BYTES).toString("base64") });
  if ((await keptKey(store)) === undefined) await store.commit({ if: [{ key: KEY, revision: 0 }], writes: [{ key: KEY, value }] });
  const kept = await keptKey(store);
  const said: unknown = kept === undefined ? undefined : JSON.parse(kept);
  const key = isMapping(said) && typeof said["key"] === "string" ? Buffer.from(said["key"], "base64") : undefined;
  if (key?.length !== KEY_BYTES) throw new Error(`the store's "${KEY}" is not the key of tokens`);
  return key;
}

async function keptKey(store: Store): Promise<string | undefined> {
  return (await store.range(KEY)).entries.find((entry) => entry.key === KEY)?.value;
}

function untilIn(value: string): number {
  const said: unknown = JSON.parse(value);
  return isMapping(said) && typeof said["until"] === "number" ? said["until"] : Number.POSITIVE_INFINITY;
}
