/** What all `margay lab …` commands have in common: which lab, and how a failure is told. */
import { Option } from "commander";
import type { Command } from "commander";
import { Refused } from "#lab/cloud.ts";
import { DEFAULT_LAB, labNamed } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { Complaint } from "./client.ts";

export interface LabOptions {
  readonly name: string;
}

/** With `--name`; the parent's other commands see the same lab in the same environment. */
export function withLab(command: Command): Command {
  return command.addOption(new Option("--name <lab>", "which lab").env("MARGAY_LAB").default(DEFAULT_LAB));
}

/** Runs what a command does; what it throws in words is told in words, what is a bug keeps its stack. */
export async function inLab(options: LabOptions, work: (lab: Lab) => Promise<void> | void): Promise<void> {
  try {
    await work(labNamed(options.name));
  } catch (error) {
    if (!(error instanceof Error) || isBug(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** What a program or the world said no to is an `Error` of a class of ours or of none; the language's own classes are bugs. */
function isBug(error: Error): boolean {
  return !(error instanceof Complaint || error instanceof Refused || error.constructor === Error);
}

export function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
