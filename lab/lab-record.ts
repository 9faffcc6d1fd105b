/**
 * What a lab remembers of itself, so that any later command can take it down. Namespaces are written down before they are
 * made: whatever a crash leaves behind is in the record.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessName } from "#adapters/linux/process.ts";
import { LABS, vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";

export interface LabRecord {
  /** `building` with a builder that is no more: a crash. */
  readonly phase: "building" | "up";
  readonly builder: ProcessName;
  /** Path and text of the declaration. */
  readonly file: { readonly path: string; readonly text: string };
  /** Of the topology; those of VMs follow from the VMs' own records. */
  readonly netnses: readonly string[];
  /** Port on 127.0.0.1 of the root namespace, when there is to be a relay. */
  readonly port?: number;
}

/** Undefined when there is no such lab. */
export function readLabRecord(lab: Lab): LabRecord | undefined {
  const path = join(lab.directory, "lab.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as LabRecord) : undefined;
}

export function writeLabRecord(lab: Lab, record: LabRecord): void {
  writeWhole(join(lab.directory, "lab.json"), record);
}

/** All namespaces that are, or may be, this lab's. */
export function netnsesOf(lab: Lab): string[] {
  const vms = filesIn(join(lab.directory, "vm")).map((file) => vmNetns(lab, file.replace(/\.json$/, "")));
  return [...(readLabRecord(lab)?.netnses ?? []), ...vms];
}

/** Labs that stand, or of which something is left. */
export function labNames(): string[] {
  return filesIn(LABS);
}

/** A reader sees the old text or the new one, never half. */
export function writeWhole(path: string, value: object): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(value, undefined, 1));
  renameSync(`${path}.new`, path);
}

export function filesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => !name.endsWith(".new")) : [];
}
