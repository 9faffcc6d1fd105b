/**
 * An operator's policy file: rules by name, on top of the declared ones. What is wrong in it is told all at once, and
 * then none of it is taken; what is merely without effect is a warning.
 */
import { compiled } from "./evaluation.ts";
import type { Test } from "./evaluation.ts";
import { checksIn, readExpression } from "./expression.ts";
import type { Expression } from "./expression.ts";
import { NAMED_RULES } from "./named-rules.ts";
import type { Policy } from "./policy.ts";
import { allows } from "./rule.ts";
import { isService } from "./who.ts";

/** One rule as it stands in the file. */
export interface PolicyEntry {
  readonly name: string;
  readonly value: unknown;
}

/** A policy that is asked about here. */
export interface KnownPolicy {
  readonly name: string;
  /** Its default, as a file would say it. */
  readonly text: string;
  /** What `%(…:project_id)s` can name: `network`, `ext_parent`. */
  readonly parents: readonly string[];
}

export interface PolicyRemark {
  readonly name: string;
  readonly reason: string;
}

export type PolicyReading =
  | { readonly ok: true; readonly policy: Policy; readonly warnings: readonly PolicyRemark[] }
  | { readonly ok: false; readonly problems: readonly PolicyRemark[] };

export function readPolicy(entries: readonly PolicyEntry[], known: readonly KnownPolicy[]): PolicyReading {
  const said = new Map<string, Expression>();
  const problems: PolicyRemark[] = [];
  for (const { name, value } of entries) {
    const read = readRule(value);
    if (read.ok) said.set(name, read.value);
    else problems.push({ name, reason: read.reason });
  }
  const all = new Map([...defaultsOf(known), ...said]);
  problems.push(...[...said].flatMap(([name, rule]) => wrongReferences({ name, rule, all, missing: problems })));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, policy: policyOf(all, said, known), warnings: warningsOf(said, known) };
}

function readRule(value: unknown): ReturnType<typeof readExpression> {
  if (Array.isArray(value)) return { ok: false, reason: "lists are how rules were written long ago: write a text with and, or, not" };
  return typeof value === "string" ? readExpression(value) : { ok: false, reason: "a rule is a text" };
}

type Rules = ReadonlyMap<string, Expression>;

function defaultsOf(known: readonly KnownPolicy[]): [string, Expression][] {
  const texts = [...Object.entries(NAMED_RULES), ...known.map(({ name, text }) => [name, text] as const)];
  return texts.map(([name, text]) => {
    const read = readExpression(text);
    if (!read.ok) throw new Error(`the default of ${name} cannot be read: ${read.reason}`);
    return [name, read.value];
  });
}

interface Referring {
  readonly name: string;
  readonly rule: Expression;
  readonly all: Rules;
  /** Names that the file says, but wrongly: a reference to one is not worth a second complaint. */
  readonly missing: readonly PolicyRemark[];
}

function wrongReferences({ name, rule, all, missing }: Referring): readonly PolicyRemark[] {
  const unknown = referencesIn(rule).filter((other) => !all.has(other) && !missing.some((one) => one.name === other));
  const circle = circleFrom(name, all);
  return [
    ...unknown.map((other) => ({ name, reason: `there is no rule "${other}"` })),
    ...(circle === undefined ? [] : [{ name, reason: `it leads back to itself: ${circle.join(" → ")}` }]),
  ];
}

function referencesIn(rule: Expression): readonly string[] {
  return [...new Set(checksIn(rule).flatMap((check) => (check.kind === "rule" ? [check.name] : [])))];
}

/** The way from a rule back to itself. */
function circleFrom(start: string, all: Rules): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    const rule = all.get(way.at(-1) ?? start);
    for (const next of rule === undefined ? [] : referencesIn(rule)) {
      if (next === start) return [...way, next];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}

/** Only what the file changes, directly or by a rule that others refer to, is asked of its texts; all else stays as declared. */
function policyOf(all: Rules, said: Rules, known: readonly KnownPolicy[]): Policy {
  const changed = new Map(known.filter(({ name }) => isChanged(name, all, said)).map((one) => [one.name, testOf(one, all, said)]));
  const admin = testOf({ name: "context_is_admin", parents: [] }, all, said);
  return {
    allows: ({ name, rule }, who, target) => changed.get(name)?.(who, target) ?? allows(rule, who, target),
    isAdmin: (who) => admin(who, { owner: "" }),
  };
}

function isChanged(name: string, all: Rules, said: Rules): boolean {
  const reached = new Set([name]);
  for (const one of reached) {
    if (said.has(one)) return true;
    const rule = all.get(one);
    for (const next of rule === undefined ? [] : referencesIn(rule)) reached.add(next);
  }
  return false;
}

/** A policy and the rules that it refers to: they are circle-free, and each is made once. */
function testOf({ name, parents }: Pick<KnownPolicy, "name" | "parents">, all: Rules, said: Rules): Test {
  // Who counts as a service is not for its role alone to say, unless the file does.
  const tests = new Map<string, Test>(said.has("service_api") ? [] : [["service_api", isService]]);
  const around = { parents: new Set(parents), ruleOf };
  function ruleOf(of: string): Test {
    const rule = all.get(of);
    if (rule === undefined) throw new Error(`there is no rule ${of}`);
    const test = tests.get(of) ?? compiled(rule, around);
    tests.set(of, test);
    return test;
  }
  return ruleOf(name);
}

function warningsOf(said: Rules, known: readonly KnownPolicy[]): readonly PolicyRemark[] {
  const byName = new Map(known.map((one) => [one.name, one]));
  const referred = new Set([...said.values()].flatMap(referencesIn));
  return [...said].flatMap(([name, rule]) => {
    const policy = byName.get(name);
    const unused = policy === undefined && !Object.hasOwn(NAMED_RULES, name) && !referred.has(name);
    if (unused) return [{ name, reason: "nothing here asks for it" }];
    return neverTrue(rule, policy).map((reason) => ({ name, reason }));
  });
}

/** Checks that can be said and never hold. */
function neverTrue(rule: Expression, policy: KnownPolicy | undefined): readonly string[] {
  return checksIn(rule).flatMap((check) => {
    if (check.kind === "system") return ["system_scope never holds: tokens of a whole system are not let in"];
    if (check.kind !== "same") return [];
    const { right } = check;
    if (right.of === "thing" && right.attribute === "user_id") return ["%(user_id)s never holds: things belong to projects"];
    if (right.of !== "parent" || policy === undefined || policy.parents.includes(right.parent)) return [];
    return [`%(${right.parent}:project_id)s never holds: what this asks about hangs on no ${right.parent}`];
  });
}
