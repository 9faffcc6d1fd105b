/**
 * Does what a store holds make sense? Every row is what its declaration says, everything that it names is there, and what
 * must hold between rows does. Nothing is mended here: each finding says what to do.
 */
import { stockOf } from "./consistency-finding.ts";
import type { Check, Finding } from "./consistency-finding.ts";
import * as cloud from "./consistency-cloud.ts";
import { danglingReferences, unknownTables, wrongForms } from "./consistency-rows.ts";

/** Of each row by itself. Where one is wrong, the others would only repeat it. */
const FORMS: readonly Check[] = [unknownTables, wrongForms];

const RELATIONS: readonly Check[] = [
  danglingReferences,
  cloud.wrongAddresses,
  cloud.wrongSubnets,
  cloud.sharedMacs,
  cloud.defaultGroups,
  cloud.wrongBindings,
  cloud.wrongPolicies,
  cloud.dataCenterParts,
];

/** `rows` by key, `TABLE/ID`. Empty: all is well. */
export function inconsistencies(rows: ReadonlyMap<string, object>): readonly Finding[] {
  const stock = stockOf(rows);
  const forms = FORMS.flatMap((check) => [...check(stock)]);
  const wrong = new Set(forms.map(({ place }) => place.split(" ")[0]));
  const right = wrong.size === 0 ? stock : stockOf(new Map([...rows].filter(([key]) => !wrong.has(key))));
  // What names a row that is there, but wrong, names it all the same.
  const relations = RELATIONS.flatMap((check) => [...check({ ...right, rows })]);
  return [...forms, ...relations];
}
