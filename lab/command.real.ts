/** Margay's own commands, given to a lab's controller as an operator gives them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { controllerSocket } from "./place.ts";
import type { Lab } from "./place.ts";
import { run } from "./program.ts";
import type { Ended } from "./program.ts";

const MARGAY = join(import.meta.dirname, "../margay");

/** Two minutes and a half are enough for whatever takes steps. */
export function margay(words: readonly string[]): Promise<Ended> {
  return run([MARGAY, ...words], { timeout: 150_000 });
}

export function margayAt(lab: Lab, ...words: readonly string[]): Promise<Ended> {
  return margay([...words, "--url", `unix:${controllerSocket(lab)}`]);
}

/** `margay apply` with this text. */
export function margayApply(lab: Lab, text: string, ...words: readonly string[]): Promise<Ended> {
  return margayAt(lab, "apply", written(lab, text), "--yes", ...words);
}

/** The path of a file that says so. */
export function written(lab: Lab, text: string): string {
  const path = join(lab.directory, "changed.yaml");
  writeFileSync(path, text);
  return path;
}

/** What it prints when the change is made; throws with what it says when it is not. */
export async function applied(lab: Lab, text: string): Promise<string> {
  const { status, stdout, stderr } = await margayApply(lab, text);
  if (status !== 0) throw new Error(stdout + stderr);
  return stdout;
}
