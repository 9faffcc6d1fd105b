/**
 * Tracked flows (conntrack). An established flow is accepted before any policy is asked, so whoever takes away a policy or
 * an address also cuts the flows that it let through.
 */
import type { RunProgram } from "#contracts/program.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { wordsOf } from "../programs/programs.ts";

/** Cuts all flows from and to these addresses; gives the reasons for those that could not be. */
export type CutFlows = (addresses: Iterable<Ip>) => Promise<ReadonlyMap<Ip, string>>;

/** With more addresses than this, one look at the table tells which of them have flows at all. */
const FEW = 4;

export function cutFlows(run: RunProgram): CutFlows {
  return async (addresses) => {
    const asked = [...new Set(addresses)];
    const failed = new Map<Ip, string>();
    for (const ip of asked.length > FEW ? await withFlows(run, asked) : asked) {
      const reason = await cut(run, ip);
      if (reason !== undefined) failed.set(ip, reason);
    }
    return failed;
  };
}

/** conntrack(8) ends with status 1 also when there was nothing to delete. */
async function cut(run: RunProgram, ip: Ip): Promise<string | undefined> {
  for (const side of ["-s", "-d"]) {
    const result = await run(["conntrack", "-D", "-f", `ipv${familyOf(ip)}`, side, ip]);
    if (result.code !== 0 && !result.stderr.includes(" 0 flow entries")) return wordsOf(result);
  }
  return undefined;
}

/** Those of the addresses that occur in the table; all of them when it cannot be read. */
async function withFlows(run: RunProgram, asked: readonly Ip[]): Promise<readonly Ip[]> {
  const seen = new Set<string>();
  for (const family of new Set(asked.map(familyOf))) {
    const table = await run(["conntrack", "-L", "-f", `ipv${family}`]);
    if (table.code !== 0) return asked;
    for (const match of table.stdout.matchAll(/(?:src|dst)=(\S+)/g)) seen.add(match[1] ?? "");
  }
  return asked.filter((ip) => seen.has(ip));
}
