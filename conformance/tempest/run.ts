/** One run of Tempest: which tests passed, were skipped, and failed, with what they said. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pythonPrograms } from "../place/python.ts";

export interface TempestRun {
  readonly passed: readonly string[];
  /** With the reason. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly failed: readonly string[];
  /** Everything that it printed. */
  readonly output: string;
}

/** Of `{0} tempest.api.network.test_x.Class.test_y [0.1s] ... ok` and its like. */
const LINE = /^\{\d+\} (\S.*?)(?: \[[\d.]+s\])? \.\.\. (ok|FAILED|SKIPPED(?:: (.*))?)$/gm;

/** `home` as `setUp` made it; tests by regular expression, `workers` at a time. */
export async function runTempest(
  home: string,
  { regex, workers }: { readonly regex: string; readonly workers: number },
): Promise<TempestRun> {
  const bin = await pythonPrograms();
  const argv = ["run", "--config-file", join(home, "etc/tempest.conf"), "--regex", regex, "--concurrency", String(workers)];
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, OS_TEST_TIMEOUT: "300", TEMPEST_CONFIG_DIR: join(home, "etc") };
  const child = spawn(join(bin, "tempest"), argv, { cwd: home, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => (output += part));
  await once(child, "close");
  const results = [...output.matchAll(LINE)].map(([, name = "", verdict = "", reason = ""]) => ({
    name: name.replace(/\[.*$/, ""),
    verdict,
    reason,
  }));
  return {
    passed: results.filter(({ verdict }) => verdict === "ok").map(({ name }) => name),
    skipped: new Map(results.filter(({ verdict }) => verdict.startsWith("SKIPPED")).map(({ name, reason }) => [name, reason])),
    failed: results.filter(({ verdict }) => verdict === "FAILED").map(({ name }) => name),
    output,
  };
}
