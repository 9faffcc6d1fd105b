/**
 * Changes of nftables in one transaction: packets see all of them or none. When nft refuses, whatever it names is taken
 * out, with what stands on it, and the rest goes through.
 */
import { DONE } from "#contracts/driver.ts";
import type { Outcome } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import { nftScript, readCulprits } from "./script.ts";
import { nft, nftRef } from "#core/kinds/nft.ts";
import type { Nft } from "#core/kinds/nft.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { wordsOf } from "../programs/programs.ts";

/** Outcomes so far. */
type Settled = Map<Change<Nft>, Outcome>;

/** One outcome per change, in their order. */
export async function transact(run: RunProgram, changes: readonly Change<Nft>[]): Promise<Outcome[]> {
  const settled: Settled = new Map();
  while (settled.size < changes.length) {
    const rest = changes.filter((change) => !settled.has(change));
    const script = nftScript(rest);
    const result = await run(["nft", "-f", "-"], script.text);
    if (result.code === 0) break;
    const culprits = readCulprits(result.stderr, script);
    for (const [change, reason] of culprits) settled.set(change, outcomeOf(change, reason));
    if (culprits.size === 0) await oneByOne(run, rest, settled);
    holdDependents(rest, settled);
  }
  return changes.map((change) => settled.get(change) ?? DONE);
}

/** What was to be deleted and is gone already is done. */
function outcomeOf(change: Change<Nft>, reason: string): Outcome {
  return change.op === "delete" && reason.includes("No such file or directory") ? DONE : { state: "failed", reason };
}

/**
 * nft names nobody (the kernel refuses some transactions as a whole): each is tried by itself, over and over as long as that gets
 * any further, so that it does not matter which of them goes first.
 */
async function oneByOne(run: RunProgram, changes: readonly Change<Nft>[], settled: Settled): Promise<void> {
  let rest = changes;
  for (let before = rest.length + 1; rest.length > 0 && rest.length < before;) {
    before = rest.length;
    for (const change of rest) {
      const result = await run(["nft", "-f", "-"], nftScript([change]).text);
      settled.set(change, result.code === 0 ? DONE : outcomeOf(change, wordsOf(result)));
    }
    rest = rest.filter((change) => settled.get(change)?.state !== "done");
  }
}

/** What stands on something that failed waits for it. */
function holdDependents(changes: readonly Change<Nft>[], settled: Settled): void {
  const stuck = new Set<Ref>();
  for (const [change, outcome] of settled) if (outcome.state !== "done") stuck.add(change.ref);
  for (let before = -1; before < stuck.size;) {
    before = stuck.size;
    for (const change of changes) {
      if (change.op === "delete" || settled.has(change) || !needsOf(change.want).some((ref) => stuck.has(ref))) continue;
      settled.set(change, { state: "held" });
      stuck.add(change.ref);
    }
  }
}

/** An element also needs what it is in, be that a set or a map. */
function needsOf(value: Nft): readonly Ref[] {
  if (value.object !== "element") return nft.needs(value);
  return [...nft.needs(value), nftRef(value.family, "set", value.of), nftRef(value.family, "map", value.of)];
}
