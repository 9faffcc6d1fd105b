/**
 * Programs run by shells that wait for work. To start a program, Node forks itself, which stops a process of a hundred
 * megabytes for some 8 ms; a shell of one megabyte does it in none.
 *
 * A shell reads a command a line; input, output and words of the program are files of its own, and its answer is the exit
 * status. It ends with the process that feeds it, having nothing more to read.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProgramResult, RunProgram } from "#contracts/program.ts";

export interface ShellsOptions {
  /** Of these shells alone; made when it is not there. */
  readonly directory: string;
  /** A program that runs longer is ended, and its shell with it; 30 s when absent. */
  readonly limitMs?: number;
}

export interface Shells {
  readonly run: RunProgram;
  close(): void;
}

/** As many programs as can be at work at once; others wait for their turn. */
const SHELLS = 3;

interface Job {
  readonly argv: readonly string[];
  readonly stdin: string;
  readonly done: (result: ProgramResult) => void;
}

export function shells({ directory, limitMs = 30_000 }: ShellsOptions): Shells {
  mkdirSync(directory, { recursive: true });
  const queue: Job[] = [];
  const all = Array.from({ length: SHELLS }, (_, at) => shell({ place: join(directory, String(at)), limitMs, next: () => queue.shift() }));
  return {
    run: (argv, stdin = "") =>
      new Promise((done) => {
        queue.push({ argv, stdin, done });
        all.find((one) => one.isIdle())?.work();
      }),
    close: () => all.forEach((one) => one.close()),
  };
}

interface ShellOptions {
  /** Its files begin with this path. */
  readonly place: string;
  readonly limitMs: number;
  readonly next: () => Job | undefined;
}

interface Shell {
  isIdle(): boolean;
  /** Takes jobs until there are none. */
  work(): void;
  close(): void;
}

function shell({ place, limitMs, next }: ShellOptions): Shell {
  let child: ChildProcess | undefined;
  let busy = false;
  const lose = (lost: ChildProcess) => {
    if (child === lost) child = undefined;
  };
  const work = () => {
    const job = next();
    busy = job !== undefined;
    if (job === undefined) return;
    child ??= start(lose);
    void perform(job, { child, place, limitMs, lose }).then((result) => {
      job.done(result);
      work();
    });
  };
  return { isIdle: () => !busy, work, close: () => child?.stdin?.end() };
}

type Lose = (child: ChildProcess) => void;

/** A session of its own, so that it can be ended together with what it runs. */
function start(lose: Lose): ChildProcess {
  const child = spawn("/bin/sh", [], { detached: true, stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, LC_ALL: "C" } });
  child.stdin.on("error", () => undefined);
  child.once("exit", () => lose(child));
  return child;
}

interface Bench {
  readonly child: ChildProcess;
  readonly place: string;
  readonly limitMs: number;
  readonly lose: Lose;
}

function perform({ argv, stdin }: Job, { child, place, limitMs, lose }: Bench): Promise<ProgramResult> {
  if (stdin !== "") writeFileSync(`${place}.in`, stdin);
  const files = `<${stdin === "" ? "/dev/null" : quoted(`${place}.in`)} >${quoted(`${place}.out`)} 2>${quoted(`${place}.err`)}`;
  return new Promise((resolve) => {
    const finish = (result: ProgramResult) => {
      clearTimeout(timer);
      child.stdout?.off("data", answered);
      child.off("exit", died);
      resolve(result);
    };
    const said = (name: "out" | "err") => readFileSync(`${place}.${name}`, "utf8");
    const answered = (text: Buffer) => finish({ code: Number(text.toString()), stdout: said("out"), stderr: said("err") });
    // What is in the files then may be of the program before.
    const died = () => finish({ code: 128, stdout: "", stderr: "the shell that ran it has ended" });
    const timer = setTimeout(() => {
      lose(child);
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      finish({ code: 124, stdout: "", stderr: `${argv[0] ?? ""} took longer than ${limitMs} ms and was ended` });
    }, limitMs);
    child.stdout?.on("data", answered);
    child.once("exit", died);
    child.stdin?.write(`${argv.map(quoted).join(" ")} ${files}; echo $?\n`);
  });
}

/** As one word of a shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
