/** Types of single values: texts, numbers, flags, addresses. The reasons are worded as Neutron words them. */
import { compareIp, readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { readMac } from "../net/mac.ts";
import type { Mac } from "../net/mac.ts";
import { firstOf, lengthOf, readCidr, readInterfaceAddress } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Schema } from "./schema.ts";
import { invalid, isWrong, orderTexts, printed, unconvertible } from "./type.ts";
import type { Read, Type } from "./type.ts";

/** A type whose values are texts that find themselves; `schema`: what is to be said of them besides that. */
function textual<T extends string>(name: string, read: (raw: unknown) => Read<T>, schema: Schema = {}): Type<T> {
  return {
    name,
    schema: { type: "string", ...schema },
    read,
    keys: (value) => [value],
    key: (text) => ({ value: text }),
    order: orderTexts,
  };
}

/** A text of at most `most` characters. */
export function text(most: number): Type<string> {
  const read = (raw: unknown): Read<string> => {
    if (typeof raw !== "string") return invalid(`'${printed(raw)}' is not a valid string`);
    return raw.length > most ? invalid(`'${raw}' exceeds maximum length of ${most}`) : { value: raw };
  };
  return textual(`text(${most})`, read, { maxLength: most });
}

/** A label for people: printable, no blanks at the ends. */
export const label: Type<string> = textual("label", readLabel, { maxLength: 255 });

function readLabel(raw: unknown): Read<string> {
  const read = text(255).read(raw);
  if (isWrong(read)) return read;
  if (read.value !== read.value.trim()) return invalid(`'${read.value}' contains leading or trailing whitespace`);
  return /\p{Cc}/u.test(read.value) ? invalid(`'${read.value}' contains characters that cannot be printed`) : read;
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

export const uuid: Type<string> = textual(
  "uuid",
  (raw) => (typeof raw === "string" && UUID.test(raw) ? { value: raw } : invalid(`'${printed(raw)}' is not a valid UUID`)),
  { format: "uuid" },
);

/** RFC 3339 in UTC, whole seconds; never written by clients. */
export const time: Type<string> = textual(
  "time",
  (raw) =>
    typeof raw === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(raw)
      ? { value: raw }
      : invalid(`'${printed(raw)}' is not a time`),
  { format: "date-time" },
);

const FLAGS = new Map<string, boolean>([
  ...["true", "t", "yes", "y", "on", "1"].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "off", "0"].map((word) => [word, false] as const),
]);

/** True or false, in all the spellings that Neutron converts. */
export const flag: Type<boolean> = {
  name: "flag",
  schema: { type: "boolean" },
  read: readFlag,
  keys: (value) => [String(value)],
  key: (query) => keyOf(readFlag(query)),
  order: (left, right) => Number(left) - Number(right),
};

function readFlag(raw: unknown): Read<boolean> {
  if (typeof raw === "boolean") return { value: raw };
  const value = typeof raw === "string" || typeof raw === "number" ? FLAGS.get(String(raw).toLowerCase()) : undefined;
  return value === undefined ? unconvertible(`'${printed(raw)}' cannot be converted to boolean`) : { value };
}

function keyOf(read: Read<boolean | number>): Read<string> {
  return isWrong(read) ? read : { value: String(read.value) };
}

/** A whole number within bounds, both included; texts of digits are converted. */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): Type<number> {
  const read = (raw: unknown): Read<number> => {
    const value = readWhole(raw);
    if (value === undefined) return unconvertible(`'${printed(raw)}' is not an integer`);
    if (value < least) return invalid(`'${value}' is too small - must be at least '${least}'`);
    return value > most ? invalid(`'${value}' is too large - must be no larger than '${most}'`) : { value };
  };
  return {
    name: `integer(${least}..${most === Number.MAX_SAFE_INTEGER ? "" : most})`,
    schema: { type: "integer", minimum: least, ...(most === Number.MAX_SAFE_INTEGER ? {} : { maximum: most }) },
    read,
    keys: (value) => [String(value)],
    key: (query) => {
      const value = readWhole(query);
      return value === undefined ? unconvertible(`'${query}' is not an integer`) : { value: String(value) };
    },
    order: (left, right) => left - right,
  };
}

function readWhole(raw: unknown): number | undefined {
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? raw : undefined;
  return typeof raw === "string" && /^[+-]?\d{1,15}$/.test(raw.trim()) ? Number(raw) : undefined;
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Type<T> {
  const read = (raw: unknown): Read<T> => {
    const word = words.find((candidate) => candidate === raw);
    return word === undefined ? invalid(`${printed(raw)} is not in valid_values`) : { value: word };
  };
  return textual(words.join("|"), read, { enum: words });
}

/** 4 or 6; Neutron converts texts of digits first. */
export const ipVersion: Type<4 | 6> = {
  name: "4|6",
  schema: { type: "integer", enum: [4, 6] },
  read: (raw) => {
    const value = readWhole(raw);
    if (value === undefined) return unconvertible(`'${printed(raw)}' is not an integer`);
    return value === 4 || value === 6 ? { value } : invalid(`${value} is not in valid_values`);
  },
  keys: (value) => [String(value)],
  key: (query) => integer(0).key(query),
  order: (left, right) => left - right,
};

/** Reads a text of a query as a value where it is one, so that any spelling finds it; other texts find nothing. */
function canonical(read: (text: string) => string | undefined): (text: string) => Read<string> {
  return (query) => ({ value: read(query) ?? query });
}

export const ip: Type<Ip> = {
  ...textual<Ip>("ip", (raw) => {
    const value = typeof raw === "string" ? readIp(raw) : undefined;
    return value === undefined ? invalid(`'${printed(raw)}' is not a valid IP address`) : { value };
  }),
  schema: { type: "string", anyOf: [{ format: "ipv4" }, { format: "ipv6" }] },
  key: canonical(readIp),
  order: compareIp,
};

/** A prefix; host bits are cleared and a bare address means itself alone, as Neutron has it. */
export const cidr: Type<Cidr> = {
  ...textual<Cidr>("cidr", (raw) => {
    const value = typeof raw === "string" ? readPrefix(raw) : undefined;
    return value === undefined ? invalid(`'${printed(raw)}' is not a valid IP subnet`) : { value };
  }),
  schema: { type: "string", pattern: "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$" },
  key: canonical(readPrefix),
  order: (left, right) => compareIp(firstOf(left), firstOf(right)) || lengthOf(left) - lengthOf(right),
};

/** A prefix written as one: of an address within it, nobody could tell whether the prefix or the address is meant. */
export const exactCidr: Type<Cidr> = {
  ...cidr,
  read: (raw) => {
    const read = cidr.read(raw);
    if (isWrong(read)) return read;
    const written = readInterfaceAddress(printed(raw))?.ip;
    if (written === firstOf(read.value)) return read;
    return invalid(`'${printed(raw)}' isn't a recognized IP subnet cidr, '${read.value}' is recommended`);
  },
};

function readPrefix(raw: string): Cidr | undefined {
  return readCidr(raw.includes("/") ? raw : `${raw}/${raw.includes(":") ? 128 : 32}`);
}

export const mac: Type<Mac> = {
  ...textual<Mac>("mac", (raw) => {
    const value = typeof raw === "string" ? readMac(raw) : undefined;
    if (value === undefined || value === "00:00:00:00:00:00") return invalid(`'${printed(raw)}' is not a valid MAC address`);
    return { value };
  }),
  schema: { type: "string", pattern: "^[0-9a-fA-F]{2}([:-]?[0-9a-fA-F]{2}){5}$" },
  key: canonical(readMac),
};
