/** Tells whenever a link comes, goes or changes, so that what waits for a tap does not wait for the next look. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface LinkMonitorOptions {
  /** Words put before the program: `ip netns exec NAME`. */
  readonly under?: readonly string[];
  /** Something changed, or may have while nobody looked. */
  readonly changed: () => void;
}

/** Many messages come with one link: they are told together. */
const GATHER_MS = 10;
const RESTART_MS = 1000;

/**
 * Watches until the returned function is called. The program is started again when it ends. When the agent is killed it goes
 * with the next change of a link, having nobody to write to.
 */
export function linkMonitor({ under = [], changed }: LinkMonitorOptions): () => void {
  let child: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  let gather: NodeJS.Timeout | undefined;
  let stopped = false;

  const tell = () => {
    gather ??= setTimeout(() => {
      gather = undefined;
      changed();
    }, GATHER_MS);
  };
  const begin = () => {
    const [program = "", ...words] = [...under, "ip", "monitor", "link"];
    child = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout?.on("data", tell);
    child.on("spawn", tell);
    // "error" instead of "exit" when it cannot be started at all.
    for (const end of ["exit", "error"] as const) child.once(end, again);
  };
  const again = () => {
    clearTimeout(restart);
    if (!stopped) restart = setTimeout(begin, RESTART_MS);
  };
  begin();
  return () => {
    stopped = true;
    clearTimeout(restart);
    clearTimeout(gather);
    child?.kill();
  };
}
