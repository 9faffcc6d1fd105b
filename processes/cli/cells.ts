/** Values of the API as the old Neutron client, written in Python, showed them. */
import type { Cell } from "./table.ts";

/** True and False, nothing for null, lists line by line, records as JSON with a space after each colon and comma. */
export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => cellOf(item));
  if (typeof value === "boolean") return [value ? "True" : "False"];
  return [typeof value === "object" ? spaced(value) : String(value)];
}

/** The order in which people know these keys; others follow as they come. */
const KEYS = ["start", "end", "subnet_id", "ip_address", "destination", "nexthop"];

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).toSorted(([left], [right]) => rank(left) - rank(right));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`).join(", ")}}`;
}

function rank(key: string): number {
  const at = KEYS.indexOf(key);
  return at < 0 ? KEYS.length : at;
}
