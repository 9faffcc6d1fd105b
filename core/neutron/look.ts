/** One object as one asker sees it. */
import { hiddenFrom } from "../policy/may.ts";
import { allows } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { render } from "../resource/render.ts";
import type { Resource } from "../resource/resource.ts";
import type { ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import type { Rules } from "./rules.ts";
import { DECLARED } from "./tables.ts";
import type { DeclaredTable, Tables } from "./tables.ts";

/** The rules of any one resource. What goes into them came out of the same table, which the compiler cannot follow. */
export type AnyRules = Rules<Listed>;
export type AnyRow = Tables[Listed];

/** Quotas are none of these: they have no identity but their project's. */
type Listed = Exclude<DeclaredTable, "quota">;

export function declarationOf(rules: AnyRules): Resource {
  return DECLARED[rules.table];
}

export function sees(rules: AnyRules, cloud: Cloud, { row, who }: { readonly row: AnyRow; readonly who: Who }): boolean {
  return allows(declarationOf(rules).may.get ?? [], who, rules.target(cloud, row));
}

/** With what is computed. */
export function fullOf(rules: AnyRules, cloud: Cloud, { row, now }: { readonly row: AnyRow; readonly now: string }): object {
  return { ...row, ...rules.computed(cloud, row, now) };
}

/** What is shown of a row; `fields` empty: all. */
export interface Showing {
  readonly row: AnyRow;
  readonly fields: readonly string[];
  readonly request: Pick<ApiRequest, "who" | "now">;
}

export function shown(rules: AnyRules, cloud: Cloud, { row, fields, request: { who, now } }: Showing): Record<string, unknown> {
  const resource = declarationOf(rules);
  const hidden = hiddenFrom(who, resource, rules.target(cloud, row));
  return render(resource, fullOf(rules, cloud, { row, now }), { fields, hidden });
}
