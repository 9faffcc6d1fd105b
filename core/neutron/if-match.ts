/** `If-Match: revision_number=N`: change only what the client has seen. */
import type { Refusal } from "../result.ts";
import * as refusal from "./refusals.ts";

const FORM = /^"?revision_number=(\d{1,15})"?$/;

/** Undefined: go ahead. */
export function unmetCondition(header: string | undefined, row: object): Refusal | undefined {
  if (header === undefined) return undefined;
  const wanted = FORM.exec(header.trim())?.[1];
  if (wanted === undefined) return refusal.badResource("if-match", `Expected a single criterion revision_number=N and not '${header}'`);
  if (!("revision_number" in row) || typeof row.revision_number !== "number") return undefined;
  return Number(wanted) === row.revision_number ? undefined : refusal.otherRevision(wanted, row.revision_number);
}
