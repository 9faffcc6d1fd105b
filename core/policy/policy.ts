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
  /** Is whoever asks an administrator? */
  isAdmin(who: Who): boolean;
}

export const DECLARED_POLICY: Policy = {
  allows: ({ rule }, who, target) => allows(rule, who, target),
  isAdmin: (who) => who.roles.includes("admin"),
};

/** Whoever asks, as the operator wants it taken; `adminIsService` as in the cloud's settings. */
export function taken(who: Who, { policy, adminIsService }: { readonly policy: Policy; readonly adminIsService: boolean }): Who {
  const admin = policy.isAdmin(who);
  return { ...who, taken: { admin, service: who.roles.includes("service") || (admin && adminIsService) } };
}
