/** Names that belong to one test process, and say so: several share a machine, and what one that is no more left behind can be told. */
import { processOf } from "./process.ts";

/** `test-PID-WHAT`, of which there is one in a process. */
export function testName(what: string): string {
  return `test-${process.pid}-${what}`;
}

export function testNetns(what: string): string {
  return `mg-${testName(what)}`;
}

/** Of names of labs or of namespaces: those of test processes that are no more. */
export function orphansAmong(names: readonly string[]): readonly string[] {
  return names.filter((name) => {
    const pid = /^(?:mg-)?test-(\d+)-/.exec(name)?.[1];
    return pid !== undefined && processOf(Number(pid)) === undefined;
  });
}
