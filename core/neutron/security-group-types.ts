/** Types of the attributes of security groups and rules, whose values Neutron refuses with errors of their own. */
import type { Result } from "../result.ts";
import { label } from "../resource/scalars.ts";
import { orNull } from "../resource/schema.ts";
import type { Schema } from "../resource/schema.ts";
import { isWrong, orderTexts, refusedAs } from "../resource/type.ts";
import type { Read, Type } from "../resource/type.ts";
import { readEthertype, readPort, readProtocol, readRemotePrefix } from "./security-group-rule-fields.ts";
import type { Ethertype } from "./security-group-rule-fields.ts";
import { defaultGroupExists } from "./security-group-refusals.ts";

export const DEFAULT_NAME = "default";

/** A label, but not the one that the project's own default group has. */
export const groupName: Type<string> = {
  ...label,
  kept: [DEFAULT_NAME],
  read: (raw) => {
    const read = label.read(raw);
    return !isWrong(read) && read.value.toLowerCase() === DEFAULT_NAME ? refusedAs(defaultGroupExists) : read;
  },
};

export const ethertype: Type<Ethertype> = ofText("IPv4|IPv6", readEthertype, { type: "string", enum: ["IPv4", "IPv6"] });
export const protocol: Type<string | null> = ofText("protocol or null", readProtocol, orNull({ type: "string" }));
export const remotePrefix: Type<string | null> = ofText("prefix with host bits or null", readRemotePrefix, orNull({ type: "string" }));

export const portNumber: Type<number | null> = {
  name: "integer(0..65535) or null",
  schema: orNull({ type: "integer", minimum: 0, maximum: 65535 }),
  read: (raw) => readOf(readPort(raw)),
  keys: (value) => (value === null ? [] : [String(value)]),
  key: (query) => ({ value: query }),
  order: (left, right) => (left ?? -1) - (right ?? -1),
};

/** A type whose values are texts that a reader of ours finds; a query in any spelling finds them. */
function ofText<T extends string | null>(name: string, reader: (raw: unknown) => Result<T>, schema: Schema): Type<T> {
  return {
    name,
    schema,
    read: (raw) => readOf(reader(raw)),
    keys: (value) => (value === null ? [] : [value]),
    key: (query) => {
      const read = reader(query);
      return { value: read.ok ? (read.value ?? query) : query };
    },
    order: (left, right) => orderTexts(left ?? "", right ?? ""),
  };
}

function readOf<T>(result: Result<T>): Read<T> {
  return result.ok ? { value: result.value } : refusedAs(result.refusal);
}
