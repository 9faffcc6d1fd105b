/** What is told of a round: one line for each change, each failure and each wait, once; and what somebody else had changed. */
import type { Fields } from "#contracts/log.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Entry } from "./round.ts";

export interface ChangeLine {
  readonly level: "info" | "warn";
  readonly event: "change" | "drift";
  readonly fields: Fields;
}

/** `before`: what was not done in the last round; undefined before the first. */
export function changesOf(news: readonly Entry[], before: ReadonlyMap<Ref, Entry> | undefined): ChangeLine[] {
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

const CAUSES = 3;

/** `create route/10.65.0.5/32 metric 1024 done because port/8f…`. */
function lineOf({ op, ref, because, outcome, waitsFor }: Entry): string {
  const why = because.length <= CAUSES ? because.join(", ") : `${because.slice(0, CAUSES).join(", ")} and ${because.length - CAUSES} more`;
  const how =
    outcome.state === "failed" ? `failed: ${outcome.reason}` : outcome.state === "held" ? `held, waits for ${waitsFor ?? ref}` : "done";
  return `${op} ${ref} ${how}${why === "" ? "" : ` because ${why}`}`;
}
