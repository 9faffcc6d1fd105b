/** A compute host out of a network namespace, with guests in namespaces of their own behind it. All of it is gone after the test. */
import { execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import type { RunProgram } from "#contracts/program.ts";
import { output, programs } from "#adapters/programs/programs.ts";

export interface Bench {
  /** The host's namespace. */
  readonly name: string;
  readonly run: RunProgram;
  /** Runs a shell line on the host, and throws its words when it fails. */
  sh(line: string): Promise<string>;
}

let count = 0;

export async function bench(t: TestContext): Promise<Bench> {
  const name = `mg-e-${process.pid}-${count++}`;
  execFileSync("ip", ["netns", "add", name]);
  t.after(() => execFileSync("ip", ["netns", "del", name]));
  const run = programs({ under: ["ip", "netns", "exec", name] });
  await output(run, ["ip", "link", "set", "lo", "up"]);
  return { name, run, sh: (line) => output(run, ["sh", "-ec", line]) };
}
