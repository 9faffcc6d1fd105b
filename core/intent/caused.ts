/** Values with the API objects that caused them. */
import type { Wanted } from "../kinds/kind.ts";

/** What the data centre as a whole is the cause of. */
export const BY_DATACENTER: readonly string[] = ["datacenter/this"];

export function caused<V>(because: readonly string[], values: readonly V[]): Wanted<V>[] {
  return values.map((value) => ({ value, because }));
}
