/** A data centre file on disk, read and checked; what is wrong with it as lines for a terminal: `FILE:LINE: message`. */
import { readFile } from "node:fs/promises";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { readDataCenter } from "#core/datacenter/read.ts";
import type { Finding } from "#core/datacenter/source.ts";
import { readYaml } from "./document.ts";

export type FileReading =
  /** `document`: as it stands in the file, for whoever reads it again. */
  | { readonly ok: true; readonly value: DataCenter; readonly document: unknown; locate(finding: Finding): string }
  | { readonly ok: false; readonly problems: readonly string[] };

/** For a text that was read before, or must be right: throws all that is wrong with it, a line each. */
export function declaredIn(path: string, text: string): DataCenter {
  const reading = readDataCenterText(path, text);
  if (!reading.ok) throw new Error(reading.problems.join("\n"));
  return reading.value;
}

/** All problems at once, in the order of their lines. */
export async function readDataCenterFile(path: string): Promise<FileReading> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== "string") return { ok: false, problems: [`${path}: cannot be read: ${text.message}`] };
  return readDataCenterText(path, text);
}

/** `path` only names the text. */
export function readDataCenterText(path: string, text: string): FileReading {
  const document = readYaml(text);
  const say = ({ line, message }: { readonly line: number; readonly message: string }) => `${path}:${line}: ${message}`;
  if (document.problems.length > 0) return { ok: false, problems: document.problems.map(say) };
  const at = (finding: Finding) => ({ line: document.lineOf(finding.path), message: finding.message });
  const reading = readDataCenter(document.value);
  if (reading.ok) return { ok: true, value: reading.value, document: document.value, locate: (finding) => say(at(finding)) };
  const sorted = reading.findings.map(at).toSorted((left, right) => left.line - right.line);
  return { ok: false, problems: sorted.map(say) };
}
