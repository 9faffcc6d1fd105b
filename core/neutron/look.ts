/** One object as one asker sees it. */
import { hiddenFrom, maySee } from "../policy/may.ts";
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import { render } from "../resource/render.ts";
import type { Resource } from "../resource/resource.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import type { Looking, Rules } from "./rules.ts";
import { DECLARED } from "./tables.ts";
import type { DeclaredTable, Tables } from "./tables.ts";

/** The rules of any one resource. What goes into them came out of the same table, which the compiler cannot follow. */
export type AnyRules = Rules<Listed>;
export type AnyRow = Tables[Listed];

/** Neither quotas nor bindings: they have no identity but their project's, or their port's and host's. */
type Listed = Exclude<DeclaredTable, "quota" | "port_binding">;

export function declarationOf(rules: AnyRules): Resource {
  return DECLARED[rules.table];
}

/** What policy is asked about an object, or about what it is to be. */
export function targetOf(rules: AnyRules, cloud: Cloud, { row, who }: { readonly row: AnyRow; readonly who: Who }): Target {
  // A row is a plain record of its declared attributes.
  return { ...rules.target(cloud, row, who), fields: row as unknown as NonNullable<Target["fields"]> };
}

export function sees(rules: AnyRules, cloud: Cloud, { row, who }: { readonly row: AnyRow; readonly who: Who }): boolean {
  return maySee(declarationOf(rules), { who, target: targetOf(rules, cloud, { row, who }), policy: cloud.settings.policy });
}

/** Written or not, and whatever it is kept by. */
export function rowOf(rules: AnyRules, cloud: Cloud, id: string): AnyRow | undefined {
  if (rules.kept !== undefined) return rules.kept.byId(cloud, id);
  return cloud.get(rules.table, id) ?? rules.unwritten?.(cloud).find((row) => "id" in row && row.id === id);
}

/** One that the asker sees, and that lies where the path says. */
export function found(
  rules: AnyRules,
  cloud: Cloud,
  { id, request: { who, parent } }: { readonly id: string; readonly request: Pick<ApiRequest, "who" | "parent"> },
): Result<AnyRow> {
  const row = rowOf(rules, cloud, id);
  const { under } = declarationOf(rules);
  // A row is a plain record of its declared attributes.
  const there =
    row !== undefined && (under === undefined || (row as unknown as Readonly<Record<string, unknown>>)[under.attribute] === parent);
  return there && sees(rules, cloud, { row, who }) ? ok(row) : refused(rules.notFound(id));
}

/** With what is computed. */
export function fullOf(rules: AnyRules, cloud: Cloud, { row, ...looking }: Looking & { readonly row: AnyRow }): object {
  return { ...row, ...rules.computed(cloud, row, looking) };
}

/** What is shown of a row; `fields` empty: all. */
export interface Showing {
  readonly row: AnyRow;
  readonly fields: readonly string[];
  readonly request: Pick<ApiRequest, "who" | "now">;
}

export function shown(rules: AnyRules, cloud: Cloud, { row, fields, request: { who, now } }: Showing): Record<string, unknown> {
  const resource = declarationOf(rules);
  const hidden = hiddenFrom(resource, { who, target: targetOf(rules, cloud, { row, who }), policy: cloud.settings.policy });
  return render(resource, fullOf(rules, cloud, { row, who, now }), { fields, hidden });
}
