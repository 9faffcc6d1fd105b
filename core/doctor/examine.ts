/** All checks, or some, on what was gathered: a diagnosis. */
import type { Check, Examined, Fix, Found } from "./check.ts";
import { CHECKS } from "./checks.ts";
import type { Facts } from "./facts.ts";

/** `ok` is said only where everything that is needed to say so was seen. */
export type Verdict = "ok" | "warning" | "wrong" | "unknown";

export interface Diagnosis {
  readonly id: string;
  readonly group: Check["group"];
  readonly title: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** What was seen in places where nothing is wrong. */
  readonly seen: readonly { readonly where: string; readonly what: string }[];
  /** Why it could not be judged, and where. */
  readonly unknown: readonly { readonly where: string; readonly why: string }[];
  /** What to do when it is wrong. */
  readonly remedy: string;
}

export interface Finding extends Found {
  readonly where: string;
}

export interface PlannedFix {
  readonly check: string;
  readonly where: string;
  readonly fix: Fix;
}

export interface Scope {
  /** Ids of checks; absent: all. */
  readonly only?: readonly string[] | undefined;
  /** What is seen on this machine, and nothing else. */
  readonly machine?: string | undefined;
}

/** In the order of the list. A check that looks at nothing that is there, or in scope, is not among them. */
export function examine(facts: Facts, { only, machine }: Scope = {}): readonly Diagnosis[] {
  const checks = CHECKS.filter(({ id }) => only === undefined || only.includes(id));
  return checks.flatMap((check) => {
    const places = check.looks
      .flatMap(({ examine: look }) => look(facts))
      .filter(({ where }) => machine === undefined || where === machine);
    return places.length === 0 ? [] : [diagnosed(check, places)];
  });
}

function diagnosed({ id, group, title, remedy }: Check, places: readonly Examined[]): Diagnosis {
  const findings = places.flatMap(({ where, findings }) => findings.map((found) => ({ where, ...found })));
  const unknown = places.flatMap(({ where, unknown: why }) => (why === undefined ? [] : [{ where, why }]));
  return { id, group, title, verdict: verdictOf(findings, unknown.length), findings, seen: seenIn(places), unknown, remedy };
}

function verdictOf(findings: readonly Found[], unknown: number): Verdict {
  if (findings.some(({ verdict }) => verdict === "wrong")) return "wrong";
  if (findings.length > 0) return "warning";
  return unknown > 0 ? "unknown" : "ok";
}

function seenIn(places: readonly Examined[]): Diagnosis["seen"] {
  return places.flatMap(({ where, seen, findings }) => (seen === undefined || findings.length > 0 ? [] : [{ where, what: seen }]));
}

/** Each once, in the order of the findings. */
export function fixesIn(diagnoses: readonly Diagnosis[]): readonly PlannedFix[] {
  const all = diagnoses.flatMap(({ id, findings }) =>
    findings.flatMap(({ where, fix }) => (fix === undefined ? [] : [{ check: id, where, fix }])),
  );
  return [...new Map(all.map((one) => [`${one.where} ${JSON.stringify(one.fix)}`, one])).values()];
}

/** How many of each. */
export function countsOf(diagnoses: readonly Diagnosis[]): Readonly<Record<Verdict, number>> {
  const count = (verdict: Verdict) => diagnoses.filter((one) => one.verdict === verdict).length;
  return { ok: count("ok"), warning: count("warning"), wrong: count("wrong"), unknown: count("unknown") };
}
