/** What is told of a round: a line for each change (or for very many alike), each failure and each wait, once; and what somebody else did. */
import type { Fields } from "#contracts/log.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Entry } from "./round.ts";

export interface ChangeLine {
  readonly level: "info" | "warn";
  readonly event: "change" | "drift";
  readonly fields: Fields;
}

/** So many objects of one kind that are done alike in one round are told one by one; of more, how many they are. */
const TOLD_SINGLY = 500;

/** `before`: what was not done in the last round; undefined before the first. */
export function changesOf(news: readonly Entry[], before: ReadonlyMap<Ref, Entry> | undefined): ChangeLine[] {
  const alike = Map.groupBy(news, (entry) => (isPlain(entry) ? `${entry.op} ${entry.ref.slice(0, entry.ref.indexOf("/"))}` : ""));
  const many = [...alike].filter(([what, { length }]) => what !== "" && length > TOLD_SINGLY);
  const together = new Set(many.flatMap(([, entries]) => entries));
  const few = news.filter((entry) => !together.has(entry));
  return [...many.map(([what, entries]) => togetherOf(what, entries)), ...singly(few, before)];
}

function isPlain({ outcome, found }: Entry): boolean {
  return outcome.state === "done" && found === undefined;
}

/** `create 30000 nft done: nft/inet set members4-… to nft/inet element members4-… 10.65.9.7`. */
function togetherOf(what: string, entries: readonly Entry[]): ChangeLine {
  const [op = "", kind = ""] = what.split(" ");
  return {
    level: "info",
    event: "change",
    fields: { did: `${op} ${entries.length} ${kind} done: ${entries[0]?.ref ?? ""} to ${entries.at(-1)?.ref ?? ""}` },
  };
}

function singly(news: readonly Entry[], before: ReadonlyMap<Ref, Entry> | undefined): ChangeLine[] {
  return news.flatMap((entry) => {
    const old = before?.get(entry.ref);
    if (old !== undefined && isOldNews(entry, old)) return [];
    const event = entry.found === undefined || entry.outcome.state === "held" ? "change" : "drift";
    const fields = { did: lineOf(entry), ...(event === "drift" ? strayOf(entry) : {}) };
    return [{ level: entry.outcome.state === "failed" ? "warn" : "info", event, fields }];
  });
}

/** Still failing, still waiting. */
function isOldNews({ op, outcome, waitsFor }: Entry, old: Entry): boolean {
  return outcome.state !== "done" && op === old.op && waitsFor === old.waitsFor && JSON.stringify(outcome) === JSON.stringify(old.outcome);
}

/** Somebody else changed the host: what stood no longer does, or is otherwise, or what nobody wants has come. */
function strayOf({ op, show, found }: Entry): Fields {
  return { wanted: op === "delete" ? "nothing" : show, found };
}

/** So many causes, or pieces, are named. */
const NAMED = 3;

/** `create route/10.65.0.5/32 metric 1024 done because port/8f…`, `replace nft/inet share members4-8f… 17 (10.65.0.9) done because …`. */
function lineOf({ op, ref, because, outcome, waitsFor, moved }: Entry): string {
  const [why, what] = [some(because), moved === undefined ? "" : ` (${some(moved)})`];
  const how =
    outcome.state === "failed" ? `failed: ${outcome.reason}` : outcome.state === "held" ? `held, waits for ${waitsFor ?? ref}` : "done";
  return `${op} ${ref}${what} ${how}${why === "" ? "" : ` because ${why}`}`;
}

function some(texts: readonly string[]): string {
  return texts.length <= NAMED ? texts.join(", ") : `${texts.slice(0, NAMED).join(", ")} and ${texts.length - NAMED} more`;
}
