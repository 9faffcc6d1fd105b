/**
 * The whole suite: `margay test [PATH…]`. Pure tests run in one process; tests of the real kernel and programs
 * (`*.real.test.ts`) run one file after the other, each in a process of its own. Ends with one line: `N passed, N failed`.
 * `margay test conformance` runs what takes too long for every day, too: Tempest with a real Keystone.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const HOME = fileURLToPath(new URL("..", import.meta.url));

interface Stage {
  readonly title: string;
  readonly files: readonly string[];
  readonly isolation: "none" | "process";
}

function stages(asked: readonly string[]): Stage[] {
  const all = globSync("{core,contracts,engine,adapters,processes,lab,stories,tools,conformance}/**/*.test.ts", { cwd: HOME }).toSorted();
  const files = all.filter((file) => asked.length === 0 || asked.some((part) => file.includes(part)));
  const real = (file: string) => file.endsWith(".real.test.ts");
  return [
    { title: "decisions, loops over fakes, checks", files: files.filter((file) => !real(file)), isolation: "none" },
    { title: "the real kernel, programs and packets", files: files.filter(real), isolation: "process" },
  ];
}

/** Runs one stage; a runner that dies without a tally counts as one failure. `whole`: conformance, all of it. */
function run(stage: Stage, whole: boolean): Promise<Tally> {
  console.log(`\n== ${stage.title} (${stage.files.length} files)`);
  const reporter = ["--test-reporter=./tools/tally.ts", "--test-reporter-destination=stdout"];
  const argv = ["--test", `--test-isolation=${stage.isolation}`, "--test-concurrency=1", ...reporter, ...stage.files];
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
