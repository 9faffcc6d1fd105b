/** What is told of a round: one line for each change, each failure and each wait, once. */
import type { Fields } from "#contracts/log.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Entry, RoundResult } from "./round.ts";

export interface ChangeLine {
  readonly level: "info" | "warn";
  readonly event: "change" | "drift";
  readonly fields: Fields;
}

export interface Before {
  /** By the last round; undefined before the first. */
  readonly before: ReadonlyMap<Ref, Entry> | undefined;
  /** Is the same wanted as in the last round? */
  readonly sameIntent: boolean;
}

export function changesOf({ entries }: RoundResult, { before, sameIntent }: Before): ChangeLine[] {
  return entries.flatMap((entry) => {
    const old = before?.get(entry.ref);
    if (entry.op === "keep" || (old !== undefined && isOldNews(entry, old))) return [];
    const event = sameIntent && isDrift(entry, old) ? "drift" : "change";
    return [{ level: entry.outcome.state === "failed" ? "warn" : "info", event, fields: { did: lineOf(entry) } }];
  });
}

/** Still failing, still waiting. */
function isOldNews({ op, outcome, waitsFor }: Entry, old: Entry): boolean {
  return outcome.state !== "done" && op === old.op && waitsFor === old.waitsFor && JSON.stringify(outcome) === JSON.stringify(old.outcome);
}

/** Somebody else changed the host: what stood no longer does, or what nobody wants has come. */
function isDrift({ op }: Entry, old: Entry | undefined): boolean {
  if (op === "delete") return old === undefined || old.op !== "delete";
  return op !== "unknown" && old?.outcome.state === "done";
}

const CAUSES = 3;

/** `create route/10.65.0.5/32 metric 1024 done because port/8f…`. */
function lineOf({ op, ref, because, outcome, waitsFor }: Entry): string {
  const why = because.length <= CAUSES ? because.join(", ") : `${because.slice(0, CAUSES).join(", ")} and ${because.length - CAUSES} more`;
  const how =
    outcome.state === "failed" ? `failed: ${outcome.reason}` : outcome.state === "held" ? `held, waits for ${waitsFor ?? ref}` : "done";
  return `${op} ${ref} ${how}${why === "" ? "" : ` because ${why}`}`;
}
