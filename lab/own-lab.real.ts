/** A lab of a test's or a benchmark's own, so that several suites share a machine; and the end of what one that crashed left behind. */
import { existsSync } from "node:fs";
import { orphansAmong, testName } from "#adapters/linux/test-name.real.ts";
import { clear, down } from "./down.ts";
import { filesIn, labNames } from "./lab-record.ts";
import { labNamed } from "./place.ts";
import type { Lab } from "./place.ts";

let swept: Promise<void> | undefined;

/** `test-PID-NAME`. Before the first of a process, labs and namespaces of test processes that are no more are removed. */
export async function ownLab(name: string): Promise<Lab> {
  await (swept ??= sweep());
  return labNamed(testName(name));
}

async function sweep(): Promise<void> {
  for (const lab of orphansAmong(labNames()).map(labNamed))
    await down(lab).catch((error: unknown) => {
      // Another test process may be at it as well: what counts is that it goes.
      if (existsSync(lab.directory)) throw error;
    });
  await clear(orphansAmong(filesIn("/run/netns")));
}
