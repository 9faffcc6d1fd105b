/** Diagnoses as text: by group, a line for each check, what was seen below it where that matters, and a count last. */
import type { Fix } from "#core/doctor/check.ts";
import { countsOf } from "#core/doctor/examine.ts";
import { many } from "#core/doctor/places.ts";
import type { Diagnosis, PlannedFix, Verdict } from "#core/doctor/examine.ts";

const MARKS: Readonly<Record<Verdict, string>> = { ok: "ok", warning: "warning", wrong: "WRONG", unknown: "unknown" };
const INDENT = " ".repeat(16);

/** `evidence`: also what was seen where all is well. */
export type Detail = "findings" | "evidence";

export function diagnosesText(diagnoses: readonly Diagnosis[], detail: Detail): string {
  const groups = Map.groupBy(diagnoses, ({ group }) => group);
  const parts = [...groups].map(([group, all]) => `${group[0]?.toUpperCase()}${group.slice(1)}\n${groupText(all, detail)}`);
  return `${[...parts, countText(diagnoses)].join("\n\n")}\n`;
}

function groupText(all: readonly Diagnosis[], detail: Detail): string {
  const judged = all.filter((one) => one.verdict !== "unknown" || detail === "evidence");
  return [...judged.map((one) => checkText(one, detail)), ...(detail === "evidence" ? [] : unknownText(all))].join("\n");
}

function checkText({ id, title, verdict, findings, seen, unknown, remedy }: Diagnosis, detail: Detail): string {
  const head = `  ${MARKS[verdict].padEnd(8)} ${id.padEnd(4)} ${title}`;
  const evidence = detail === "evidence" ? alike(seen.map(({ where, what }) => ({ where, says: what }))) : [];
  const blind =
    detail === "evidence" || verdict === "unknown" ? alike(unknown.map(({ where, why }) => ({ where, says: `not known: ${why}` }))) : [];
  const wrong = findingLines(findings);
  const todo = findings.length === 0 ? [] : [`→ ${remedy}`];
  return [head, ...[...wrong, ...evidence, ...blind, ...todo].map((line) => `${INDENT}${line}`)].join("\n");
}

/** Machines with the same fault in one line, with what to do about it below. */
function findingLines(findings: Diagnosis["findings"]): readonly string[] {
  const by = Map.groupBy(findings, ({ what, fix }) => JSON.stringify([what, fix]));
  return [...by.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const where = [...new Set(all.map((one) => one.where))].join(", ");
    return [`${where}: ${first.what}`, ...(first.fix === undefined ? [] : [`  ${fixText({ where, fix: first.fix })}`])];
  });
}

interface Line {
  readonly where: string;
  readonly says: string;
}

/** Machines that say the same, in one line. */
function alike(lines: readonly Line[]): readonly string[] {
  const by = Map.groupBy(
    lines.filter(({ says }) => says !== ""),
    ({ says }) => says,
  );
  return [...by].map(([says, all]) => `${[...new Set(all.map(({ where }) => where))].join(", ")}: ${says}`);
}

/** What nobody could judge, by the reason: one line for all checks that lack the same. */
function unknownText(all: readonly Diagnosis[]): readonly string[] {
  const blind = all.filter(({ verdict }) => verdict === "unknown");
  const by = Map.groupBy(blind, ({ unknown, seen }) => `${seen.length > 0 ? "what could be seen is well; " : ""}${reasons(unknown)}`);
  return [...by].map(([why, checks]) => `  ${MARKS.unknown.padEnd(8)} ${checks.map(({ id }) => id).join(", ")}: ${why}`);
}

/** As many as a line holds. */
const TOLD = 2;

function reasons(unknown: Diagnosis["unknown"]): string {
  const all = [...new Set(unknown.map(({ why }) => why))];
  const more = all.length > TOLD ? `; and ${all.length - TOLD} reasons more` : "";
  return `${all.slice(0, TOLD).join("; ")}${more}`;
}

function countText(diagnoses: readonly Diagnosis[]): string {
  const { ok, warning, wrong, unknown } = countsOf(diagnoses);
  return `${many(diagnoses.length, "check")}: ${ok} ok, ${many(warning, "warning")}, ${wrong} wrong, ${unknown} unknown`;
}

/** A fix as somebody would type it. */
export function fixText({ where, fix }: Pick<PlannedFix, "where" | "fix">): string {
  if (fix.how === "command") return `by hand, if nothing else needs it: ${fix.command}`;
  return `--fix does: ${commandOf(fix)}${fix.how === "sysctl" ? ` on ${where}` : ""}`;
}

function commandOf(fix: Exclude<Fix, { readonly how: "command" }>): string {
  if (fix.how === "sysctl") return `sysctl -w ${dotted(fix.path)}=${fix.value}`;
  const limits = Object.entries(fix.limits).map(([name, limit]) => `${name} ${limit}`);
  return `quota of project ${fix.project}: ${limits.join(", ")}`;
}

/** As sysctl names it; a name with dots of its own keeps its slashes. */
export function dotted(path: string): string {
  return path.includes(".") ? path : path.replaceAll("/", ".");
}
