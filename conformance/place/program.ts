/** Other people's programs: nothing that they do may take longer than it is given, nor outlive the test. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

/** The kernel ends what stands behind these words when whoever started it is gone, however that came about. */
export const MORTAL = ["setpriv", "--pdeathsig", "KILL"] as const;

export interface Running {
  /** It, and whatever it starts, is ended after so long. */
  readonly seconds: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects, with what it had said by then, when it takes too long or is not there. */
export async function ran(argv: readonly string[], { seconds, cwd, env, input }: Running): Promise<Ran> {
  const child = spawn(MORTAL[0], [...MORTAL.slice(1), ...argv], { cwd, env: { ...process.env, ...env }, detached: true });
  const [stdout, stderr] = [collected(child.stdout), collected(child.stderr)];
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  try {
    const code = await within(seconds, argv.join(" "), closed(child));
    return { code, stdout: stdout(), stderr: stderr() };
  } catch (error) {
    endGroup(child);
    throw new Error(`${String(error)}; it had said: ${(stdout() + stderr()).slice(-2000)}`, { cause: error });
  }
}

/** What it printed; rejects with its words when it fails. */
export async function printed(argv: readonly string[], running: Running): Promise<string> {
  const { code, stdout, stderr } = await ran(argv, running);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${(stderr || stdout).slice(-2000)}`);
  return stdout;
}

/** The promise, or a rejection that says what was waited for. */
export async function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function closed(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 128));
  });
}

/** What it has started holds its output open, and would be waited for. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All gone already.
  }
}

function collected(stream: NodeJS.ReadableStream): () => string {
  const parts: string[] = [];
  stream.setEncoding("utf8").on("data", (part: string) => parts.push(part));
  return () => parts.join("");
}
