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
 * `ip monitor` ends only when it has something to say to nobody, which in a namespace that is given up never happens, and keeps the
 * namespace as long. So a shell beside it reads what we never write, and ends it when there is nobody left to write.
 */
const WATCH = "exec 3<&0; { read -r _ <&3; kill $$; } >/dev/null 2>&1 & exec ip monitor link";

/** Watches until the returned function is called, or the agent is gone. The program is started again when it ends. */
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
    const [program = "", ...words] = [...under, "sh", "-c", WATCH];
    const begun = spawn(program, words, { stdio: ["pipe", "pipe", "ignore"] });
    begun.stdout.on("data", tell);
    begun.on("spawn", tell);
    begun.stdin.on("error", () => undefined);
    // "error" instead of "exit" when it cannot be started at all.
    for (const end of ["exit", "error"] as const) begun.once(end, again);
    child = begun;
  };
  const again = () => {
    child?.stdin?.destroy();
    clearTimeout(restart);
    if (!stopped) restart = setTimeout(begin, RESTART_MS);
  };
  begin();
  return () => {
    stopped = true;
    clearTimeout(restart);
    clearTimeout(gather);
    child?.stdin?.end();
    child?.kill();
  };
}
