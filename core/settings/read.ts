/** Reads a settings file by its declaration: every value, or everything that is wrong, each with its place and its reason. */
import { sourceOf, isMapping } from "../datacenter/source.ts";
import type { Finding, Path, Source } from "../datacenter/source.ts";
import { nearest } from "../datacenter/spelling.ts";
import { isWrong, reasonOf } from "../resource/type.ts";
import type { Section, Sections, Setting, Settings, SettingsOf } from "./setting.ts";

export type SettingsReading<S extends Sections> =
  | { readonly ok: true; readonly value: SettingsOf<S> }
  | { readonly ok: false; readonly findings: readonly Finding[] };

type Fields = Readonly<Record<string, unknown>>;

/** `document` is plain data, as it comes out of YAML; an empty file is null, and says nothing. */
export function readSettings<S extends Sections>(sections: S, document: unknown): SettingsReading<S> {
  const source = sourceOf(document ?? {});
  const known = keysOf(source, [], Object.keys(sections));
  const values = Object.entries(sections).map(([name, declared]) => [name, known ? readSection(source, name, declared) : {}] as const);
  if (source.findings.length > 0) return { ok: false, findings: source.findings };
  // Each value was read by its own type; the compiler cannot follow the loops.
  return { ok: true, value: Object.fromEntries(values) as SettingsOf<S> };
}

/** Is there a mapping? Keys that it should not have are blamed. */
function keysOf(source: Source, path: Path, known: readonly string[]): boolean {
  const value = source.at(path);
  if (value === undefined) return true;
  if (!isMapping(value)) {
    source.blame(path, value === null ? EMPTY : "not a mapping (key: value)");
    return false;
  }
  for (const key of Object.keys(value)) if (!known.includes(key)) blameUnknown(source, [...path, key], known);
  return true;
}

function blameUnknown(source: Source, path: Path, known: readonly string[]): void {
  const meant = nearest(String(path.at(-1)), known);
  source.blame(path, `unknown key; ${meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`}`);
}

function readSection(source: Source, name: string, declared: Section): Fields {
  if (!keysOf(source, [name], Object.keys(declared.settings))) return {};
  const before = source.findings.length;
  const values = Object.entries(declared.settings).map(([key, setting]) => [key, readSetting(source, [name, key], setting)] as const);
  const read: Fields = Object.fromEntries(values);
  const objection = source.findings.length === before ? declared.objection?.(read) : undefined;
  if (objection !== undefined) source.blame([name, objection.key], objection.reason);
  return read;
}

const EMPTY = "has no value; write one or leave the key out";

/** Undefined where it was blamed. */
function readSetting(source: Source, path: Path, setting: Setting): unknown {
  const said = source.at(path);
  if (said === null) return source.blame(path, EMPTY);
  if (said === undefined && !("default" in setting)) return source.blame(path, "missing");
  const raw = said === undefined ? setting.default : said;
  if (raw === null) return null;
  const read = setting.type.read(raw);
  if (!isWrong(read)) return read.value;
  if (setting.secret === true) return source.conceal(path, `not ${setting.type.name}`);
  source.blame(path, reasonOf(read));
  return undefined;
}

/** One setting whose value is another than before; values as they would be written, those of secrets left out. */
export interface SettingChange {
  /** `limits.body_bytes` */
  readonly name: string;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly takes: Setting["takes"];
}

/** What differs between two readings of the same sections. */
export function settingChanges<S extends Sections>(sections: S, from: SettingsOf<S>, to: SettingsOf<S>): readonly SettingChange[] {
  return Object.entries(sections).flatMap(([name, { settings }]) => {
    const [before, after]: readonly [Fields, Fields] = [fieldsOf(from, name), fieldsOf(to, name)];
    return changesIn(settings, before, after).map((change) => ({ ...change, name: `${name}.${change.name}` }));
  });
}

/** Values by key, for a loop over the keys. */
function fieldsOf(values: object, section: string): Fields {
  return (values as Readonly<Record<string, Fields>>)[section] ?? {};
}

function changesIn(settings: Settings, before: Fields, after: Fields): readonly SettingChange[] {
  return Object.entries(settings).flatMap(([name, { secret, takes }]) => {
    const [from, to] = [before[name], after[name]];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    return [secret === true ? { name, takes } : { name, from, to, takes }];
  });
}
