/** An expression as a function of who asks, and for what. What is not known of a thing is nobody's: then a check fails. */
import { flag } from "../resource/scalars.ts";
import { isWrong } from "../resource/type.ts";
import type { Asked, Asker, Check, Literal } from "./check.ts";
import type { Expression } from "./expression.ts";
import type { Target } from "./rule.ts";
import { hasRole, isAdmin } from "./who.ts";
import type { Who } from "./who.ts";

export type Test = (who: Who, target: Target) => boolean;

/** What an expression may refer to. */
export interface Around {
  /** What `@parent` is of the thing that is asked about, under all its names. */
  readonly parents: ReadonlySet<string>;
  ruleOf(name: string): Test;
}

export function compiled(expression: Expression, around: Around): Test {
  switch (expression.kind) {
    case "constant":
      return () => expression.holds;
    case "check":
      return compiledCheck(expression.check, around);
    case "not": {
      const inner = compiled(expression.of, around);
      return (who, target) => !inner(who, target);
    }
    default: {
      const inner = expression.of.map((part) => compiled(part, around));
      if (expression.kind === "and") return (who, target) => inner.every((test) => test(who, target));
      return (who, target) => inner.some((test) => test(who, target));
    }
  }
}

function compiledCheck(check: Check, around: Around): Test {
  switch (check.kind) {
    case "role":
      return (who) => hasRole(who, check.role);
    case "rule":
      return around.ruleOf(check.name);
    case "admin":
      return (who) => isAdmin(who) === check.is;
    case "field":
      return compiledField(check);
    case "same": {
      const right = compiledSide(check.right, around);
      return (who, target) => {
        const value = right(target);
        return value !== undefined && value === leftOf(check.left, who);
      };
    }
    case "system":
      return () => false;
  }
}

function compiledField(check: Check & { readonly kind: "field" }): Test {
  const { attribute } = check;
  if ("matches" in check) return (_who, target) => check.matches.test(String(valueOf(target, attribute) ?? ""));
  const wanted = flag.read(check.equals);
  return (_who, target) => {
    const value = valueOf(target, attribute);
    if (typeof value === "boolean") return !isWrong(wanted) && wanted.value === value;
    return String(value ?? "None") === check.equals;
  };
}

function leftOf(left: Asker | Literal, who: Who): string {
  if (left.of === "text") return left.text;
  return left.what === "project" ? who.project : who.user;
}

function compiledSide(right: Literal | Asked, { parents }: Around): (target: Target) => string | undefined {
  switch (right.of) {
    case "text":
      return () => right.text;
    case "thing":
      return (target) => textOf(valueOf(target, right.attribute));
    case "parent":
      return parents.has(right.parent) ? (target) => target.parent : () => undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** Other names of the same. */
const ALIASES: Readonly<Record<string, string>> = { tenant_id: "project_id", target_project: "target_tenant" };

/** What is told of it for policy's sake comes first: it says how whoever asks sees it. */
function valueOf(target: Target, asked: string): unknown {
  const attribute = ALIASES[asked] ?? asked;
  const kept = target.fields?.[attribute];
  if (attribute === "project_id") return target.owner;
  if (attribute === "shared") return target.shared ?? kept;
  if (attribute === "router:external") return target.external ?? kept;
  return attribute === "device_owner" ? (target.deviceOwner ?? kept) : kept;
}
