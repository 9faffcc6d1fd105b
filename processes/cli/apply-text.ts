/** A difference as an operator reads it: what happens to which object, then each value, old and new. */
import type { Changed, Detail, Difference } from "#core/datacenter/apply-difference.ts";
import { showSpan } from "#core/datacenter/span.ts";
import type { Span } from "#core/datacenter/span.ts";
import { cellOf } from "./cells.ts";

export function differenceText(difference: Difference): string {
  return difference.map((one) => `${headOf(one)}\n${detailsOf(one).map(lineOf).join("")}`).join("");
}

/** `4 to create, 1 to change` */
export function countText(difference: Difference): string {
  const counts = (["create", "change", "delete"] as const).map(
    (action) => [difference.filter((one) => one.action === action).length, action] as const,
  );
  return counts.flatMap(([count, action]) => (count === 0 ? [] : [`${count} to ${action}`])).join(", ");
}

function headOf({ action, object, name }: Changed): string {
  return `${action} ${object === "datacenter" ? "data centre" : object} ${name}`;
}

/** A data centre that is new is all of the file; nobody wants to read that twice. */
function detailsOf({ object, action, details }: Changed): readonly Detail[] {
  return object === "datacenter" && action === "create" ? [] : details;
}

function lineOf({ attribute, old, new: next }: Detail): string {
  const values = [old, next].flatMap((value) => (value === undefined ? [] : [shown(value)]));
  const end = next === undefined ? " → (none)" : "";
  return `    ${attribute}: ${values.join(" → ")}${end}\n`;
}

function shown(value: unknown): string {
  if (value === "") return '""';
  const cells = (Array.isArray(value) ? value : [value]).flatMap((one: unknown) => (isSpan(one) ? [showSpan(one)] : cellOf(one)));
  return cells.join(", ") || "(none)";
}

function isSpan(value: unknown): value is Span {
  return typeof value === "object" && value !== null && "start" in value && "end" in value;
}
