/**
 * Changes of nftables in transactions: packets see all of one or none. When one is refused, whatever is named is taken out, with what
 * stands on it, and the rest goes through.
 *
 * What is only in sets and maps is told to the kernel directly. Chains and sets that come, or go, are no matter for packets as long as
 * nothing leads to them: they come in a transaction before that of the elements, and go in one after it. Where nothing of ours stood,
 * no packet is led anywhere before there are chains with hooks: those come last, all at once. All else is one script.
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
import type { Channel } from "../netlink/channel.ts";
import type { Ledger } from "./ledger.ts";
import type { NftLibrary } from "./library.ts";
import { isElemental, rawElements } from "./raw.ts";

export interface NftTools {
  /** Runs nft(8). */
  readonly run: RunProgram;
  readonly netfilter: Channel;
  readonly ledger: Ledger;
  readonly library: NftLibrary;
}

/** Outcomes so far, other than done. */
type Settled = Map<Change<Nft>, Outcome>;

/** Tries a transaction: undefined when it is done, else whom it failed by (nobody: it failed as a whole) and in what words. */
type Door = (
  changes: readonly Change<Nft>[],
) => Promise<{ readonly culprits: ReadonlyMap<Change<Nft>, string>; readonly words: string } | undefined>;

interface Step {
  readonly door: Door;
  readonly changes: readonly Change<Nft>[];
}

/** One outcome per change, in their order. */
export async function transact(tools: NftTools, changes: readonly Change<Nft>[]): Promise<Outcome[]> {
  const settled: Settled = new Map();
  for (const { door, changes: some } of stepsOf(tools, changes)) {
    await settle(
      door,
      some.filter((change) => !settled.has(change)),
      settled,
    );
    holdDependents(changes, settled);
  }
  return changes.map((change) => settled.get(change) ?? DONE);
}

function stepsOf(tools: NftTools, changes: readonly Change<Nft>[]): Step[] {
  const [script, elements] = [scriptDoor(tools, "filled"), elementDoor(tools)];
  const structure = changes.filter((change) => !isElemental(change));
  if (structure.length === 0) return [{ door: elements, changes }];
  const openings = tools.ledger.isBlank() ? structure.filter(isOpening) : [];
  const unseen = structure.filter(isUnseen);
  if (structure.length === changes.length || unseen.length + openings.length < structure.length) return [{ door: script, changes }];
  return [
    { door: scriptDoor(tools, "empty"), changes: unseen.filter(({ op }) => op === "create") },
    { door: elements, changes: changes.filter((change) => isElemental(change) || isFilledSet(change)) },
    { door: script, changes: [...openings, ...unseen.filter(({ op }) => op === "delete")] },
  ];
}

/** Does it come or go without any packet being led by it, as long as no element leads to it? */
function isUnseen(change: Change<Nft>): boolean {
  return change.op !== "replace" && !hasHook(change.op === "create" ? change.want : change.have);
}

/** Does it begin to lead packets? */
function isOpening(change: Change<Nft>): boolean {
  return change.op === "create" && hasHook(change.want);
}

function hasHook(value: Nft): boolean {
  return value.object === "chain" && value.hook !== undefined;
}

function isFilledSet(change: Change<Nft>): boolean {
  return change.op === "create" && change.want.object === "set" && change.want.elements !== undefined;
}

/** nft's library is asked in this process, as long as it has no elements to look at; the program says more of what it refuses. */
function scriptDoor({ run, ledger, library }: NftTools, contents: "filled" | "empty"): Door {
  return async (changes) => {
    const script = nftScript(changes, contents);
    if (await ledger.script(changes, async () => isShort(script.text) && library.run(script.text))) return undefined;
    const result = await ledger.script(changes, () => run(["nft", "-f", "-"], script.text));
    return result.code === 0 ? undefined : { culprits: readCulprits(result.stderr, script), words: wordsOf(result) };
  };
}

/** Longer ones would leave this process larger than it was; a word about elements makes nft read all sets of prefixes. */
function isShort(text: string): boolean {
  return text.length < 100_000 && !/^(add|delete) element |^flush set /m.test(text);
}

function elementDoor(tools: NftTools): Door {
  const raw = rawElements(tools.netfilter);
  return async (changes) => {
    const steps = raw.prepare(changes);
    if (steps === undefined) return scriptDoor(tools, "filled")(changes);
    const culprits = tools.ledger.elements(changes, steps);
    return culprits === undefined ? undefined : { culprits, words: "" };
  };
}

async function settle(door: Door, changes: readonly Change<Nft>[], settled: Settled): Promise<void> {
  for (let rest = changes; rest.length > 0; rest = changes.filter((change) => !settled.has(change))) {
    const refused = await door(rest);
    if (refused === undefined) return;
    for (const [change, reason] of refused.culprits) settled.set(change, outcomeOf(change, reason));
    if (refused.culprits.size === 0) return oneByOne(door, rest, settled);
    holdDependents(changes, settled);
  }
}

/** What was to be deleted and is gone already is done. */
function outcomeOf(change: Change<Nft>, reason: string): Outcome {
  return change.op === "delete" && reason.includes("No such file or directory") ? DONE : { state: "failed", reason };
}

/**
 * Nobody is named (the kernel refuses some transactions as a whole): each is tried by itself, over and over as long as that gets
 * any further, so that it does not matter which of them goes first.
 */
async function oneByOne(door: Door, changes: readonly Change<Nft>[], settled: Settled): Promise<void> {
  let rest = changes;
  for (let before = rest.length + 1; rest.length > 0 && rest.length < before;) {
    before = rest.length;
    const failed: Change<Nft>[] = [];
    for (const change of rest) {
      const refused = await door([change]);
      const outcome = refused === undefined ? DONE : outcomeOf(change, refused.culprits.get(change) ?? refused.words);
      if (outcome.state === "done") settled.delete(change);
      else failed.push(change);
      if (outcome.state !== "done") settled.set(change, outcome);
    }
    rest = failed;
  }
}

/** What stands on something that failed waits for it. */
function holdDependents(changes: readonly Change<Nft>[], settled: Settled): void {
  const stuck = new Set<Ref>();
  for (const [change, outcome] of settled) if (outcome.state !== "done") stuck.add(change.ref);
  for (let before = 0; before < stuck.size;) {
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
  if (value.object !== "element" && value.object !== "share") return nft.needs(value);
  return [...nft.needs(value), nftRef(value.family, "set", value.of), nftRef(value.family, "map", value.of)];
}
