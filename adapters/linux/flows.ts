/**
 * Tracked flows (conntrack). An established flow is accepted before any policy is asked, so whoever takes away a policy or
 * an address also cuts the flows that it let through.
 */
import type { RunProgram } from "#contracts/program.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { output, wordsOf } from "../programs/programs.ts";

/** Cuts all flows from and to these addresses, as either end knows them; gives the reasons for those that could not be. */
export type CutFlows = (addresses: Iterable<Ip>) => Promise<ReadonlyMap<Ip, string>>;

/**
 * The kernel searches its whole table for each deletion (some 20 ms each way, however few flows there are), while most
 * addresses have none. So the flows are read once, as long as they are no more than this.
 */
const READABLE = 20_000;

export function cutFlows(run: RunProgram): CutFlows {
  return async (addresses) => {
    const asked = [...new Set(addresses)];
    if (asked.length === 0) return new Map();
    try {
      const reasons = await Promise.all((await withFlows(run, asked)).map(async (ip) => [ip, await cut(run, ip)] as const));
      return new Map(reasons.flatMap(([ip, reason]) => (reason === undefined ? [] : [[ip, reason] as const])));
    } catch (error) {
      return new Map(asked.map((ip) => [ip, error instanceof Error ? error.message : String(error)]));
    }
  };
}

/** A translated flow has other ends in its answers: who is reached by a floating IP is seen in those alone. */
const SIDES = ["--orig-src", "--orig-dst", "--reply-src", "--reply-dst"];

/** conntrack(8) ends with status 1 also when there was nothing to delete. */
async function cut(run: RunProgram, ip: Ip): Promise<string | undefined> {
  for (const side of SIDES) {
    const result = await run(["conntrack", "-D", "-f", `ipv${familyOf(ip)}`, side, ip]);
    if (result.code !== 0 && !result.stderr.includes(" 0 flow entries")) return wordsOf(result);
  }
  return undefined;
}

/** Those of the addresses that flows come from or go to; all of them when there are too many flows to read. */
async function withFlows(run: RunProgram, asked: readonly Ip[]): Promise<readonly Ip[]> {
  const count = Number(await output(run, ["conntrack", "-C"]));
  if (count === 0) return [];
  if (count > READABLE) return asked;
  const tables = await Promise.all(
    [...new Set(asked.map(familyOf))].map((family) => output(run, ["conntrack", "-L", "-f", `ipv${family}`])),
  );
  const seen = new Set(tables.flatMap((table) => [...table.matchAll(/(?:src|dst)=(\S+)/g)].map((match) => match[1])));
  return asked.filter((ip) => seen.has(ip));
}
