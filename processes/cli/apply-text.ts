/** A difference as an operator reads it: what happens to which object, then each value, old and new. */
import type { Changed, Detail, Difference } from "#core/datacenter/apply-difference.ts";
import { showSpan } from "#core/datacenter/span.ts";
import type { Span } from "#core/datacenter/span.ts";
import type { Retiring } from "#core/rollout/retiring.ts";
import { cellOf } from "./cells.ts";

/** What happens to several of a sort alike is said once. */
export function differenceText(difference: Difference): string {
  const alike = Map.groupBy(difference, ({ object, action, details }) => JSON.stringify([object, action, details]));
  return [...alike.values()].map((all) => textOf(all)).join("");
}

function textOf(alike: readonly Changed[]): string {
  const [one] = alike;
  if (one === undefined) return "";
  return `${headOf({ ...one, name: alike.map(({ name }) => name).join(", ") })}\n${detailsOf(one).map(lineOf).join("")}`;
}

/** `4 to create, 1 to change` */
export function countText(difference: Difference): string {
  const counts = (["create", "change", "delete"] as const).map(
    (action) => [difference.filter((one) => one.action === action).length, action] as const,
  );
  return counts.flatMap(([count, action]) => (count === 0 ? [] : [`${count} to ${action}`])).join(", ");
}

/** Who has yet to move before a range can leave. */
export function retiringText(retiring: readonly Retiring[]): string {
  return retiring.map((each) => `${heldText(each)}\n`).join("");
}

function heldText({ subnet, cidr, ports, holders }: Retiring): string {
  if (ports === 0) return `${subnet} ${cidr}: nobody has an address of it; it may be left out of ranges.retiring`;
  const lines = holders.map(({ port, ip, device, host }) => {
    const whose = [...(device === "" ? [] : [`of ${device}`]), ...(host === "" ? [] : [`on ${host}`])];
    return `    ${ip}: ${["port", port, ...whose].join(" ")}`;
  });
  const more = ports > holders.length ? [`    and ${ports - holders.length} more`] : [];
  return [`${subnet} ${cidr}: ${ports} port${ports === 1 ? " has" : "s have"} an address of it`, ...lines, ...more].join("\n");
}

const CALLED: Readonly<Partial<Record<Changed["object"], string>>> = { datacenter: "data centre", compute: "host" };

function headOf({ action, object, name }: Changed): string {
  return `${action} ${CALLED[object] ?? object} ${name}`;
}

const WHOLES: readonly Changed["object"][] = ["datacenter", "reflector", "tor", "gateway", "compute"];

/** A data centre or a machine that is new is all of what the file says of it; nobody wants to read that twice. */
function detailsOf({ object, action, details }: Changed): readonly Detail[] {
  return WHOLES.includes(object) && action !== "change" ? [] : details;
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
