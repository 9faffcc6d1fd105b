/** One promise of the data centre, to be kept or broken in front of witnesses. */
import type { Family } from "#core/net/address.ts";

export interface Claim {
  /** Who to whom, and how: the row of the matrix. */
  readonly what: string;
  readonly family: Family;
  readonly expected: string;
  readonly check: () => Promise<Seen>;
}

export interface Seen {
  readonly kept: boolean;
  readonly seen: string;
  /** What a machine other than the asker saw, or what a table holds. */
  readonly evidence: string;
}

export interface Verdict extends Seen {
  readonly what: string;
  readonly family: Family;
  readonly expected: string;
}

/** Checks every claim, a few at a time; a check that cannot be made is a broken claim, with the reason as what was seen. */
export async function judge(claims: readonly Claim[], atOnce: number): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const waiting = claims.entries();
  const worker = async () => {
    for (const [at, claim] of waiting) verdicts[at] = { ...claim, ...(await seenBy(claim)) };
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return verdicts;
}

async function seenBy(claim: Claim): Promise<Seen> {
  try {
    return await claim.check();
  } catch (error) {
    return { kept: false, seen: "could not be checked", evidence: error instanceof Error ? error.message : String(error) };
  }
}
