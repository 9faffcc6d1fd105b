/** A settings file on disk, with what the command line says on top of it; what is wrong as lines: `FILE:LINE: key value: reason`. */
import { readFileSync } from "node:fs";
import { isMapping } from "#core/datacenter/source.ts";
import type { Finding, Path } from "#core/datacenter/source.ts";
import { readSettings } from "#core/settings/read.ts";
import type { Sections, SettingsOf } from "#core/settings/setting.ts";
import { readYaml } from "./document.ts";
import type { YamlDocument } from "./document.ts";

/** One setting on the command line: `--listen`, the place in the file that it stands for, and the value as the file would write it. */
export interface Said {
  readonly option: string;
  readonly path: Path;
  readonly value: unknown;
}

export interface SettingsSource {
  readonly file: string;
  /** Nobody named the file: it need not be there. */
  readonly usual: boolean;
  readonly said: readonly Said[];
}

export type SettingsFileReading<S extends Sections> =
  | { readonly ok: true; readonly value: SettingsOf<S> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** All problems at once, in the order of their lines; those of the command line first. */
export function readSettingsFile<S extends Sections>(sections: S, { file, usual, said }: SettingsSource): SettingsFileReading<S> {
  const text = textOf(file, usual);
  if (typeof text !== "string") return { ok: false, problems: [`${file}: cannot be read: ${text.message}`] };
  const document = readYaml(text);
  if (document.problems.length > 0)
    return { ok: false, problems: document.problems.map(({ line, message }) => `${file}:${line}: ${message}`) };
  const reading = readSettings(sections, said.reduce(withSaid, document.value));
  if (reading.ok) return reading;
  const located = reading.findings.map((finding) => locate(finding, said, document));
  const sorted = located.toSorted((left, right) => left.line - right.line);
  return { ok: false, problems: sorted.map(({ line, where, message }) => `${where ?? `${file}:${line}`}: ${message}`) };
}

function textOf(file: string, usual: boolean): string | Error {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    return usual && "code" in failure && failure.code === "ENOENT" ? "" : failure;
  }
}

/** What is no mapping stays as it is, and is blamed for that. */
function withSaid(document: unknown, { path: [section = "", key = ""], value }: Said): unknown {
  const whole = document ?? {};
  if (!isMapping(whole)) return whole;
  const part = whole[section] ?? {};
  return isMapping(part) ? { ...whole, [section]: { ...part, [key]: value } } : whole;
}

interface Located {
  readonly line: number;
  /** The option; undefined: in the file. */
  readonly where: string | undefined;
  readonly message: string;
}

function locate({ path, message }: Finding, said: readonly Said[], { value, lineOf }: YamlDocument): Located {
  const inFile = isMapping(value) && Object.hasOwn(value, path[0] ?? "");
  // A section that only the command line names is blamed as a whole.
  const sayer = said.find((one) => (inFile ? one.path : one.path.slice(0, path.length)).every((key, at) => path[at] === key));
  return { line: sayer === undefined ? lineOf(path) : 0, where: sayer?.option, message };
}
