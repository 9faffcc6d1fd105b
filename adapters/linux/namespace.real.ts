/** A network namespace for one test, with its programs. Removed after the test, also when it fails. */
import { execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import type { RunProgram } from "#contracts/program.ts";
import { kernelOf } from "../netlink/kernel.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { output, programs } from "../programs/programs.ts";
import { testNetns } from "./test-name.real.ts";

export interface TestNamespace {
  readonly name: string;
  readonly run: RunProgram;
  /** Runs a command line in the namespace, and throws its words when it fails. */
  readonly sh: (line: string) => Promise<string>;
  /** Its kernel. */
  readonly kernel: Kernel;
}

let count = 0;

/** With taps tap1 … tapN, which are up. */
export async function testNamespace(t: TestContext, taps = 0): Promise<TestNamespace> {
  const name = testNetns(`d${count++}`);
  execFileSync("ip", ["netns", "add", name]);
  t.after(() => execFileSync("ip", ["netns", "del", name]));
  const run = programs({ under: ["ip", "netns", "exec", name] });
  const sh = (line: string) => output(run, ["sh", "-ec", line]);
  await sh("ip link set lo up");
  for (let tap = 1; tap <= taps; tap++) await sh(`ip tuntap add tap${tap} mode tap; ip link set tap${tap} up`);
  const kernel = kernelOf(name);
  t.after(kernel.close);
  return { name, run, sh, kernel };
}
