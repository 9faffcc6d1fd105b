/** What /proc/PID/stat says of a process. */

export interface ProcessStat {
  /** Of the kernel's letters; `Z` and `X` are dead. */
  readonly state: string;
  /** Clock ticks since boot: together with the pid and the boot, it names a process for good. */
  readonly startTime: string;
  /** Of the process that began its session. */
  readonly session: number;
}

/** Reads the line; the program's name, in parentheses, may hold anything (proc(5)). Undefined when it is no such line. */
export function readProcessStat(text: string): ProcessStat | undefined {
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .trim()
    .split(" ");
  const [state, session, startTime] = [fields[0], Number(fields[3]), fields[19]];
  return state === undefined || startTime === undefined || !/^\d+$/.test(startTime) ? undefined : { state, startTime, session };
}
