/** Ranges of transport ports as Neutron writes them: `FIRST:LAST`, both included. */
import { invalid } from "../resource/type.ts";
import { printed } from "../resource/type.ts";
import { text } from "../resource/scalars.ts";
import type { Read, Type } from "../resource/type.ts";

/** Both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const MOST = 65535;

/** Canonical: `80` is read as `80:80`. */
export const portRange: Type<string> = {
  ...text(11),
  name: "port range",
  read,
  key: (query) => {
    const range = read(query);
    return "value" in range ? range : { value: query };
  },
  order: (left, right) => rangeOf(left).first - rangeOf(right).first || rangeOf(left).last - rangeOf(right).last,
};

function read(raw: unknown): Read<string> {
  const found = typeof raw === "string" || typeof raw === "number" ? /^(\d{1,5})(?::(\d{1,5}))?$/.exec(String(raw)) : null;
  if (found === null) return invalid(`'${printed(raw)}' is not a port, nor two of them with a colon between`);
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
  if (first < 1 || last > MOST) return invalid(`Invalid port value in '${printed(raw)}', it must be between 1 and ${MOST}`);
  return first > last ? invalid(`The first port of '${printed(raw)}' must not be above the second`) : { value: textOf({ first, last }) };
}

export function textOf({ first, last }: PortRange): string {
  return `${first}:${last}`;
}

/** Of a canonical text. */
export function rangeOf(range: string): PortRange {
  const [first = 0, last = first] = range.split(":").map(Number);
  return { first, last };
}

/** The only port of a range; null: it has several. */
export function onlyPort(range: string): number | null {
  const { first, last } = rangeOf(range);
  return first === last ? first : null;
}

export function sizeOf({ first, last }: PortRange): number {
  return last - first + 1;
}

export function collide(one: PortRange, other: PortRange): boolean {
  return one.first <= other.last && other.first <= one.last;
}
