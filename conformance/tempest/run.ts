/** One run of Tempest: which tests passed, were skipped, and failed, with what they said. */
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ini } from "../place/ini.ts";
import { pythonPrograms } from "../place/python.ts";
import { ran } from "../place/program.ts";
import { SHARES } from "./setup.ts";

export interface TempestRun {
  readonly passed: readonly string[];
  /** Tests, or classes whole, with the reason. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly failed: readonly string[];
  /** Everything that it printed. */
  readonly output: string;
}

interface TempestOptions {
  readonly regex: string;
  readonly seconds: number;
}

/** Of `{0} tempest.api.network.test_x.Class.test_y [0.1s] ... ok` and its like. */
const LINE = /^\{\d+\} (\S.*?)(?: \[[\d.]+s\])? \.\.\. (ok|FAILED|SKIPPED(?:: (.*))?)$/gm;

/** All that shares found out, together; `homes` as `setUp` made them. */
export async function runTempest(homes: readonly string[], seconds: number): Promise<TempestRun> {
  const runs = await Promise.all(SHARES.map(async ({ regex }, at) => await runOne(homes[at] ?? "", { regex, seconds })));
  return {
    passed: runs.flatMap(({ passed }) => passed),
    skipped: new Map(runs.flatMap(({ skipped }) => [...skipped])),
    failed: runs.flatMap(({ failed }) => failed),
    output: runs.map(({ output }) => output).join("\n"),
  };
}

async function runOne(home: string, { regex, seconds }: TempestOptions): Promise<TempestRun> {
  const bin = await pythonPrograms();
  const config = join(home, "etc/tempest.conf");
  const [tempest = ""] = globSync(join(bin, "../lib/python3*/site-packages/tempest"));
  writeFileSync(join(home, ".stestr.conf"), ini({ DEFAULT: { test_path: join(tempest, "test_discover"), top_dir: join(tempest, "..") } }));
  const argv = ["run", "--config-file", config, "--regex", regex, "--concurrency", "1"];
  const env = { PATH: `${bin}:${process.env["PATH"]}`, OS_TEST_TIMEOUT: "60", TEMPEST_CONFIG_DIR: join(home, "etc"), HOME: home };
  const { stdout, stderr } = await ran([join(bin, "tempest"), ...argv], { cwd: home, env, seconds });
  return { ...results(stdout), output: stdout + stderr };
}

function results(text: string): Pick<TempestRun, "passed" | "skipped" | "failed"> {
  const tests = [...text.matchAll(LINE)].map(([, name = "", verdict = "", reason = ""]) => ({ name: nameOf(name), verdict, reason }));
  const names = (wanted: string) => tests.filter(({ verdict }) => verdict === wanted).map(({ name }) => name);
  return {
    passed: names("ok"),
    skipped: new Map(tests.filter(({ verdict }) => verdict.startsWith("SKIPPED")).map(({ name, reason }) => [name, reason])),
    failed: names("FAILED"),
  };
}

/** `Class.test` below tempest.api.network; of a class that was skipped or failed whole, the class. */
function nameOf(printed: string): string {
  const [, whole = printed] = /^\w+Class \((.*)\)$/.exec(printed) ?? [];
  return whole.replace(/\[.*$/, "").replace("tempest.api.network.", "");
}
