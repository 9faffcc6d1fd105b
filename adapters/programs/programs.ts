/** Running programs of this machine. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { ProgramResult, RunProgram } from "#contracts/program.ts";

export interface ProgramOptions {
  /** Words put before every program: `ip netns exec NAME`. */
  readonly under?: readonly string[];
  /** A program that runs longer is killed; 30 s when absent. */
  readonly limitMs?: number;
}

export function programs({ under = [], limitMs = 30_000 }: ProgramOptions = {}): RunProgram {
  // The programs' words are kept in logs and reports and read for line numbers: always English.
  const env = { ...process.env, LC_ALL: "C" };
  return (argv, stdin = "") =>
    new Promise((resolve) => {
      const [program = "", ...words] = [...under, ...argv];
      const child = spawn(program, words, { env, stdio: ["pipe", "pipe", "pipe"] });
      const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
      let late = false;
      const timer = setTimeout(() => (late = child.kill("SIGKILL")), limitMs);
      const end = (result: ProgramResult) => {
        clearTimeout(timer);
        resolve(result);
      };
      child.on("error", (error) => end({ code: 127, stdout: "", stderr: error.message }));
      child.on("close", (code) => {
        const words = late ? `${stderr()}${program} took longer than ${limitMs} ms and was ended` : stderr();
        end({ code: late ? 124 : (code ?? 128), stdout: stdout(), stderr: words });
      });
      feed(child, stdin);
    });
}

/** A program that ends without reading its input closes it under our hands: that is its business. */
function feed({ stdin }: ChildProcess, text: string): void {
  stdin?.on("error", () => undefined);
  stdin?.end(text);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = [];
  stream.on("data", (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts).toString();
}

/** A program's last words, in one line, for a reason. */
export function wordsOf({ code, stdout, stderr }: ProgramResult): string {
  const words = (stderr.trim() === "" ? stdout : stderr).trim();
  return words === ""
    ? `exit status ${code}`
    : words
        .split("\n")
        .map((line) => line.trim())
        .join("; ");
}

/** What a program printed, when it succeeded; throws its own words when it did not. */
export async function output(run: RunProgram, argv: readonly string[]): Promise<string> {
  const result = await run(argv);
  if (result.code !== 0) throw new Error(`${argv.join(" ")}: ${wordsOf(result)}`);
  return result.stdout;
}
