/** What decides who may: the rules of the declarations, or an operator's file on top of them. */
import { allows } from "./rule.ts";
import type { Rule, Target } from "./rule.ts";
import type { Who } from "./who.ts";

export interface Asked {
  /** As policy files spell it: `create_port:fixed_ips`. */
  readonly name: string;
  /** What holds where nothing else was said. */
  readonly rule: Rule;
}

export interface Policy {
  allows(asked: Asked, who: Who, target: Target): boolean;
}

export const DECLARED_POLICY: Policy = { allows: ({ rule }, who, target) => allows(rule, who, target) };
