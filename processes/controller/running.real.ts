/** A controller as a process of its own, for tests to ask, to kill, and to start again. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

const MAIN = join(import.meta.dirname, "../main.ts");

export interface Running {
  readonly child: ChildProcess;
  readonly socket: string;
  /** Where its store is. */
  readonly store: string;
  /** Lines of its log so far. */
  readonly log: Record<string, unknown>[];
}

export function home(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "margay-controller-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Starts a controller with nothing but these settings; resolves once it listens. */
export async function started(t: TestContext, directory: string, more: readonly string[] = []): Promise<Running> {
  const [socket, store] = [join(directory, "api.sock"), join(directory, "margay.db")];
  const argv = [MAIN, "controller", "--config", "/dev/null", "--store", store, "--listen", `unix:${socket}`, ...more];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const log: Record<string, unknown>[] = [];
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      log.push(JSON.parse(line));
      if (log.at(-1)?.["msg"] === "listening") resolve();
    });
    lines.on("close", () => reject(new Error(`it ended: ${JSON.stringify(log)}`)));
  });
  return { child, socket, store, log };
}

export interface Ended {
  readonly status: unknown;
  /** All that it said. */
  readonly text: string;
}

/** Starts a controller on a store that it cannot use, and waits for its end. */
export async function refusedStart(t: TestContext, directory: string, store: string): Promise<Ended> {
  const argv = [MAIN, "controller", "--config", "/dev/null", "--store", store, "--listen", `unix:${join(directory, "api.sock")}`];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (part) => (text += String(part)));
  return { status: await ended(child), text };
}

/** The answer's body is taken as it is: whoever asks knows what it is. */
export async function ask(socket: string, call: { readonly method: string; readonly path: string; readonly body?: object }) {
  const asked = request({ socketPath: socket, method: call.method, path: call.path, agent: false });
  asked.end(call.body === undefined ? "" : JSON.stringify(call.body));
  const [answer] = await once(asked, "response");
  let text = "";
  for await (const part of answer) text += String(part);
  return { status: Number(answer.statusCode), body: text === "" ? undefined : JSON.parse(text) };
}

/** Its status, or the signal that ended it. */
export async function ended(child: ChildProcess): Promise<unknown> {
  const [status, signal] = await once(child, "exit");
  return status ?? signal;
}

export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command against the controller at that socket. */
export async function margay(socket: string, ...argv: readonly string[]): Promise<Said> {
  return await new Promise((resolve) => {
    const env = { ...process.env, MARGAY_URL: `unix:${socket}` };
    const child = execFile(process.execPath, [MAIN, ...argv], { env }, (_error, out, err) =>
      resolve({ status: child.exitCode ?? -1, out, err }),
    );
  });
}
