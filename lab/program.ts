/** Runs other people's programs to their end, with a bound on how long that may take. */
import { spawn } from "node:child_process";

export interface Ended {
  /** Exit status; undefined when a signal ended it, our own timeout included. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What it reads from standard input. */
  readonly input?: string;
  /** Milliseconds after which it is killed; 10 s unless told. */
  readonly timeout?: number;
  /** Kills it when aborted. */
  readonly signal?: AbortSignal;
  /** Is this much of its output enough? Then it is killed. */
  readonly enough?: (stdout: string) => boolean;
}

/** Rejects only when the program cannot be started at all. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const [program = "", ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"], timeout: options.timeout ?? 10_000, killSignal: "SIGKILL" });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (options.enough?.(stdout) === true) child.kill("SIGKILL");
    });
    options.signal?.addEventListener("abort", () => child.kill("SIGKILL"));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    // A program may end without having read its input; that is told by its status.
    child.stdin.on("error", () => undefined).end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? undefined, stdout, stderr }));
  });
}

/** Standard output; throws the program's own words when it fails. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ended = await run(argv, options);
  if (ended.status === 0) return ended.stdout;
  const words =
    ended.stderr.trim() ||
    ended.stdout.trim() ||
    (ended.status === undefined ? "was killed, it took too long" : `ended with ${ended.status}`);
  throw new Error(`${argv.join(" ")}: ${words}`);
}

/** The same program inside a namespace. */
export function inside(netns: string, argv: readonly string[]): string[] {
  return ["ip", "netns", "exec", netns, ...argv];
}
