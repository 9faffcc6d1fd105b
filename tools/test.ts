/**
 * The whole suite: `margay test [PATH…]`. Pure tests run in one process; tests of the real kernel and programs
 * (`*.real.test.ts`) have a process of their own for each file: those that measure nothing run two at a time (tools/beside.ts), then
 * the others one after the other. Ends with one line: `N passed, N failed`.
 * `margay test conformance` runs what takes too long for every day, too: Tempest with a real Keystone.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BESIDE } from "./beside.ts";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const HOME = fileURLToPath(new URL("..", import.meta.url));

interface Stage {
  readonly title: string;
  readonly files: readonly string[];
  readonly isolation: "none" | "process";
  /** Files at a time. */
  readonly atOnce: number;
}

function stages(asked: readonly string[]): Stage[] {
  const all = globSync("{core,contracts,engine,adapters,processes,lab,stories,tools,conformance}/**/*.test.ts", { cwd: HOME }).toSorted();
  const files = all.filter((file) => asked.length === 0 || asked.some((part) => file.includes(part)));
  const [real, pure] = [files.filter((file) => file.endsWith(".real.test.ts")), files.filter((file) => !file.endsWith(".real.test.ts"))];
  const [beside, alone] = [real.filter((file) => BESIDE.includes(file)), real.filter((file) => !BESIDE.includes(file))];
  const world = "the real kernel, programs and packets";
  return [
    { title: "decisions, loops over fakes, checks", files: pure, isolation: "none", atOnce: 1 },
    { title: `${world}, two files at a time`, files: beside, isolation: "process", atOnce: 2 },
    { title: `${world}, each file alone`, files: alone, isolation: "process", atOnce: 1 },
  ];
}

/** Runs one stage; a runner that dies without a tally counts as one failure. `whole`: conformance, all of it. */
function run(stage: Stage, whole: boolean): Promise<Tally> {
  console.log(`\n== ${stage.title} (${stage.files.length} files)`);
  const reporter = ["--test-reporter=./tools/tally.ts", "--test-reporter-destination=stdout"];
  const argv = ["--test", `--test-isolation=${stage.isolation}`, `--test-concurrency=${stage.atOnce}`, ...reporter, ...stage.files];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, {
      cwd: HOME,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, MARGAY_TEST: "1", ...(whole && { MARGAY_CONFORMANCE: "whole" }) },
    });
    let tally: Tally | undefined;
    child.on("message", (message: Tally) => (tally = message));
    child.on("exit", (code) => {
      const counted = tally ?? { passed: 0, failed: 1 };
      resolve(code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted);
    });
  });
}

async function main(asked: readonly string[]): Promise<void> {
  const begin = Date.now();
  let [passed, failed] = [0, 0];
  for (const stage of stages(asked)) {
    if (stage.files.length === 0) continue;
    const tally = await run(stage, asked.includes("conformance"));
    passed += tally.passed;
    failed += tally.failed;
  }
  console.log(`\nin ${Math.round((Date.now() - begin) / 1000)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

await main(process.argv.slice(2));
