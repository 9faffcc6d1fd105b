/**
 * What `ip -j` lists. Lists that are asked for in the same breath are read by one process: to start one costs a process of
 * our size several milliseconds, and a host that is at rest is listed every few seconds.
 */
import type { RunProgram } from "#contracts/program.ts";
import { output } from "../programs/programs.ts";

/** The parsed output of `ip -j` with these words: `neigh show`. Rejects with the program's own words. */
export type IpListing = (words: string) => Promise<unknown>;

interface Asked {
  readonly words: string;
  readonly resolve: (json: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export function ipListing(run: RunProgram): IpListing {
  let asked: Asked[] = [];
  const answer = async () => {
    const all = asked;
    asked = [];
    const lists = all.length === 1 ? [] : await together(run, all);
    for (const [at, { words, resolve, reject }] of all.entries()) {
      // Something was wrong with one of them: each for itself, to learn whose fault it is.
      if (lists.length === all.length) resolve(lists[at]);
      else output(run, ["ip", "-j", ...words.split(" ")]).then((text) => resolve(JSON.parse(text)), reject);
    }
  };
  return (words) =>
    new Promise((resolve, reject) => {
      asked.push({ words, resolve, reject });
      if (asked.length === 1) queueMicrotask(() => queueMicrotask(() => void answer()));
    });
}

/** One list per line of the batch, or none when the batch failed. */
async function together(run: RunProgram, all: readonly Asked[]): Promise<readonly unknown[]> {
  const result = await run(["ip", "-j", "-batch", "-"], all.map(({ words }) => `${words}\n`).join(""));
  if (result.code !== 0) return [];
  return result.stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as unknown]));
}
