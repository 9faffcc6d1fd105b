/** Command lines of the processes in one network namespace, from /proc. */
import { readdirSync, readFileSync, statSync } from "node:fs";

/** `netns`: a path of it, such as /proc/self/ns/net. Processes that end meanwhile are no fault. */
export function processesIn(netns: string): readonly string[] {
  const own = statSync(netns).ino;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (statSync(`/proc/${pid}/ns/net`).ino !== own) return [];
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return line === "" ? [] : [line];
      } catch {
        return [];
      }
    });
}
