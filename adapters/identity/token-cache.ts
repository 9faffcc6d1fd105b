/**
 * What was found out about tokens, for a while: by a hash of the token, so that no memory holds one. The longest unused goes
 * first. Many who ask for the same at the same time wait for one answer.
 */
import { createHash } from "node:crypto";
import type { Clock } from "#contracts/clock.ts";

export interface Kept<T> {
  readonly value: T;
  /** UTC, milliseconds since 1970; in the past: it is not kept. */
  readonly until: number;
}

export interface TokenCache<T> {
  /** What is kept, or what `find` says; a `find` that rejects rejects for all who wait, and is forgotten. */
  get(token: string, kind: string, find: () => Promise<Kept<T>>): Promise<T>;
}

export function tokenCache<T>(clock: Clock, most: number): TokenCache<T> {
  const kept = new Map<string, Kept<T>>();
  const asked = new Map<string, Promise<Kept<T>>>();
  const keep = (key: string, found: Kept<T>) => {
    kept.delete(key);
    kept.set(key, found);
    const [oldest] = kept.size > most ? kept.keys() : [];
    if (oldest !== undefined) kept.delete(oldest);
  };
  return {
    get: async (token, kind, find) => {
      const key = `${kind} ${createHash("sha256").update(token).digest("base64")}`;
      const known = kept.get(key);
      if (known !== undefined && clock.now() < known.until) {
        keep(key, known);
        return known.value;
      }
      kept.delete(key);
      const waiting = asked.get(key) ?? find().finally(() => asked.delete(key));
      asked.set(key, waiting);
      const found = await waiting;
      if (clock.now() < found.until) keep(key, found);
      return found.value;
    },
  };
}
