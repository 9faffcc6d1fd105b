/** Clients that each wait for their answer before they ask again, and what they waited. */
import { quantile } from "../figure.ts";

export interface Load {
  readonly clients: number;
  readonly count: number;
}

export interface Run {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

/** `once` is told which request it is. */
export async function measured({ clients, count }: Load, once: (at: number) => Promise<unknown>): Promise<Run> {
  const waited: number[] = [];
  const begun = performance.now();
  let next = 0;
  const client = async () => {
    for (let at = next++; at < count; at = next++) {
      const from = performance.now();
      await once(at);
      waited.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const perSecond = (count / (performance.now() - begun)) * 1000;
  return { perSecond, median: quantile(waited, 0.5), p99: quantile(waited, 0.99) };
}

export function told({ perSecond, median, p99 }: Run): string {
  return `${perSecond.toFixed(0)} per second, median ${median.toFixed(2)} ms, 99 % ${p99.toFixed(1)} ms`;
}
