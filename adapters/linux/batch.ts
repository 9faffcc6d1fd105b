/** Lines for `ip -batch`, as a rule all in one process: a line that fails keeps no other from being done. */
import { DONE } from "#contracts/driver.ts";
import type { Outcome } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import { readBatchFailures } from "#core/kinds/ip-batch.ts";
import { wordsOf } from "../programs/programs.ts";

/** Lines with one outcome. A failure whose words match `fine` is none: what was to be removed is gone already. */
export interface Task {
  readonly lines: readonly string[];
  readonly fine?: RegExp;
}

/** One outcome per task, in their order. */
export async function ipBatch(run: RunProgram, tasks: readonly Task[]): Promise<Outcome[]> {
  const owners = tasks.flatMap((task) => task.lines.map(() => task));
  if (owners.length === 0) return tasks.map(() => DONE);
  const result = await batch(run, tasks);
  const failures = readBatchFailures(result.stderr);
  // `-force` does not help where iproute2 exits by itself (2: a neighbour that the kernel refuses): how far it came is not
  // known, and to do a line again is harmless.
  const cameToItsEnd = result.code === 0 || (result.code === 1 && failures.size > 0);
  if (!cameToItsEnd) return oneByOne(run, tasks);

  const reasons = new Map<Task, string>();
  for (const [line, reason] of failures) {
    const owner = owners[line - 1];
    if (owner !== undefined) reasons.set(owner, reason);
  }
  return tasks.map((task) => outcomeOf(task, reasons.get(task)));
}

async function oneByOne(run: RunProgram, tasks: readonly Task[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const task of tasks) {
    const result = await batch(run, [task]);
    outcomes.push(outcomeOf(task, result.code === 0 ? undefined : wordsOf(result)));
  }
  return outcomes;
}

function batch(run: RunProgram, tasks: readonly Task[]) {
  return run(["ip", "-force", "-batch", "-"], tasks.flatMap(({ lines }) => lines.map((line) => `${line}\n`)).join(""));
}

function outcomeOf(task: Task, reason: string | undefined): Outcome {
  return reason === undefined || task.fine?.test(reason) === true ? DONE : { state: "failed", reason };
}
