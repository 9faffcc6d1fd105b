/**
 * Forwarding as `host/forwarding` measures it, under the kernel that compute hosts run: Debian's, in a VM whose clock counts instructions.
 * What is carried beside no filter is told exactly, and the same each time; what caches and memory take is not in it.
 */
import { inDebian } from "#lab/qemu/debian.ts";
import type { Bench, Figure } from "../figure.ts";

/** All of them take the same. */
const TURNS = 10;
/** A turn of each site, emulated, takes some seconds. */
const patience = (times: number) => 300_000 + times * 30_000;

export const forwardingInDebian: Bench = async (say, { times = TURNS }) => {
  const argv = ["node", "bench/main.ts", "host/forwarding", "--json", "--times", `${times}`];
  const { text } = await inDebian(argv, { clock: "instructions", timeout: patience(times), heard: (line) => tell(line, say) });
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  if (!isFigures(last)) throw new Error(`no figures from Debian's kernel: ${text}`);
  // Our own, as bench/main.ts prints them.
  const figures = JSON.parse(last) as readonly Figure[];
  return figures.map((figure) => ({ ...figure, what: `under Debian's kernel: ${figure.what}` }));
};

function tell(line: string, say: (line: string) => void): void {
  if (!isFigures(line) && !line.startsWith("== ")) say(line);
}

function isFigures(line: string): boolean {
  return line.startsWith("[{");
}
