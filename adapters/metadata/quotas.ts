/** What each port has in use, and how fast it asks. What is full again, or unused, is forgotten. */
import type { Socket } from "node:net";
import type { Clock } from "#contracts/clock.ts";
import { filled, take } from "#core/metadata/bucket.ts";
import type { Bucket, Rate } from "#core/metadata/bucket.ts";

export interface Quotas {
  /** May it have one more connection? It counts until the socket is closed. */
  connect(port: string, socket: Socket, most: number): boolean;
  /** A question that is under way, until the answer is called; undefined: it has too many. */
  begin(port: string, most: number): (() => void) | undefined;
  /** 0: it may ask now; else the seconds after which it may. */
  take(port: string, rate: Rate): number;
}

/** Buckets are looked through once they are more than so many. */
const MANY = 1024;

export function quotas(clock: Clock): Quotas {
  const [connections, questions] = [new Map<string, number>(), new Map<string, number>()];
  const buckets = new Map<string, Bucket>();
  const one = (counts: Map<string, number>, port: string, most: number) => {
    const before = counts.get(port) ?? 0;
    if (before >= most) return undefined;
    counts.set(port, before + 1);
    return () => void less(counts, port);
  };
  return {
    connect: (port, socket, most) => {
      const leave = one(connections, port, most);
      if (leave !== undefined) socket.once("close", leave);
      return leave !== undefined;
    },
    begin: (port, most) => one(questions, port, most),
    take: (port, rate) => {
      const now = clock.now();
      if (buckets.size > MANY && !buckets.has(port)) forget(buckets, rate, now);
      const { bucket, wait } = take(buckets.get(port), rate, now);
      buckets.set(port, bucket);
      return wait;
    },
  };
}

function less(counts: Map<string, number>, port: string): void {
  const left = (counts.get(port) ?? 1) - 1;
  if (left > 0) counts.set(port, left);
  else counts.delete(port);
}

function forget(buckets: Map<string, Bucket>, rate: Rate, now: number): void {
  for (const [port, bucket] of buckets) if (filled(bucket, rate, now).tokens >= rate.burst) buckets.delete(port);
}
