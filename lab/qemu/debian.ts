/**
 * A command of this machine under Debian's own kernel, the one that compute hosts run: in a VM that has nobody else in it, sees this machine's
 * files and changes none. It needs no KVM, and nothing of what this machine's kernel can do.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "../wait.ts";
import type { Answer } from "./command.ts";
import { debianFiles, jobOf, TAG } from "./debian-files.ts";
import { emulator } from "./emulator.ts";
import { stored } from "./initramfs.ts";
import { kernel } from "./kernel.ts";

const TREE = fileURLToPath(new URL("../..", import.meta.url));
/** Comes with QEMU. */
const VIRTIOFSD = "/usr/lib/qemu/virtiofsd";
const MEGABYTES = 2048;
const TRANSLATED_MEGABYTES = 512;
const PATIENCE_MS = 120_000;
/** An instruction in 2 ns is about what QEMU emulates. */
const CLOCKS = { time: { processors: 2 }, instructions: { processors: 1, shift: 1 } } as const;

export interface DebianOptions {
  /** Milliseconds from its start, a boot of some ten seconds included; two minutes unless told. */
  readonly timeout?: number;
  /** Is told each line as it comes. */
  readonly heard?: (line: string) => void;
  /**
   * Two processors, and a clock that passes as ours does; or one, whose clock counts instructions: what is measured there is the same each
   * time, whatever else this machine does, and knows nothing of what memory takes.
   */
  readonly clock?: keyof typeof CLOCKS;
}

/**
 * Runs it as root at the top of this tree; `node` is the Node that runs this. It sees the files of this machine as they are, but for
 * `/run`, which is empty. Rejects when it does not end in time, or the VM ends without it; whoever is killed meanwhile takes the VM along.
 */
export async function inDebian(argv: readonly string[], options: DebianOptions = {}): Promise<Answer> {
  const [made, home, ending] = [await kernel(), mkdtempSync(join(tmpdir(), "margay-debian-")), new AbortController()];
  const begin = (words: readonly string[]) => begun(home, words, ending.signal);
  try {
    const job = join(home, "job");
    writeFileSync(job, jobOf(argv, made, TREE));
    await lend(home, begin);
    const size = { megabytes: MEGABYTES, translatedMegabytes: TRANSLATED_MEGABYTES, ...CLOCKS[options.clock ?? "time"] };
    const boot = { kernel: made.image, initramfs: stored(debianFiles(made)), words: [`job=${job}`] };
    return await answered(begin([...emulator({ ...size, ...boot }), ...devices(home)]), home, options);
  } finally {
    ending.abort();
    rmSync(home, { recursive: true, force: true });
  }
}

/** A program that ends when `signal` says so, or when this process ends, however it does. */
function begun(home: string, argv: readonly string[], signal: AbortSignal): ChildProcess {
  const log = openSync(join(home, "log"), "a");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...argv], { stdio: ["ignore", "pipe", log], signal, killSignal: "SIGKILL" });
  closeSync(log);
  // That it was ended, or could not be started, is seen by what does not come of it.
  return child.on("error", () => undefined);
}

/** Whoever serves the files to a VM serves one, and ends with it. */
async function lend(home: string, begin: (argv: readonly string[]) => ChildProcess): Promise<void> {
  const server = begin([VIRTIOFSD, "-f", `--socket-path=${filesOf(home)}`, "-o", "source=/,sandbox=chroot,cache=always"]);
  await until({ what: "the files to be lent", timeout: 10_000, every: 10 }, () => {
    if (server.exitCode !== null) throw new Error(`${VIRTIOFSD} has ended: ${lastLines(join(home, "log"))}`);
    return existsSync(filesOf(home)) ? undefined : "no socket";
  });
}

function filesOf(home: string): string {
  return join(home, "files.sock");
}

/** Its memory is shared with the server of the files, which puts them there. */
function devices(home: string): string[] {
  return [
    ["-object", `memory-backend-memfd,id=memory,size=${MEGABYTES}M,share=on`, "-machine", "memory-backend=memory"],
    ["-chardev", `socket,id=files,path=${filesOf(home)}`, "-device", `vhost-user-fs-pci,chardev=files,tag=${TAG}`],
    ["-chardev", `file,id=console,path=${join(home, "console")}`, "-serial", "chardev:console"],
    ["-chardev", "stdio,id=said,signal=off", "-serial", "chardev:said"],
  ].flat();
}

async function answered(vm: ChildProcess, home: string, { timeout = PATIENCE_MS, heard }: DebianOptions): Promise<Answer> {
  let [text, late] = ["", false];
  const timer = setTimeout(() => (late = vm.kill("SIGKILL")), timeout);
  const said = vm.stdout?.setEncoding("utf8").on("data", (part: string) => (text += part));
  if (said !== undefined && heard !== undefined) createInterface({ input: said }).on("line", heard);
  await once(vm, "close");
  clearTimeout(timer);
  const status = /^margay: ended (\d+)/m.exec(textOf(join(home, "console")))?.[1];
  if (status !== undefined) return { status: Number(status), text };
  const last = [text.trim(), ...["console", "log"].map((name) => lastLines(join(home, name)))].filter((words) => words !== "");
  throw new Error(`${late ? `the command did not end within ${timeout / 1000} s` : "the VM ended without it"}: ${last.join("\n")}`);
}

function lastLines(file: string): string {
  return textOf(file).trim().split("\n").slice(-10).join("\n");
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
