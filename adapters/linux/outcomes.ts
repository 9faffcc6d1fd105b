/** What the kernel answers to changes, as outcomes of a driver. */
import { DONE } from "#contracts/driver.ts";
import type { Outcome } from "#contracts/driver.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel, Question } from "../netlink/channel.ts";
import { linkNumbers } from "../netlink/links.ts";

/** What to ask for one change, one question after the other. */
export interface Task {
  readonly questions: readonly Question[];
  /** Refusals (errno) that are none: what was to be removed is gone already. */
  readonly fine?: readonly number[];
  /** It cannot even be asked. */
  readonly failed?: string;
}

export const ENOENT = 2;
export const ESRCH = 3;
export const ENODEV = 19;

/** As iproute2 says it. */
export const noDevice = (name: string): string => `Cannot find device "${name}"`;

/** One outcome per change of what is on a link; `taskOf` is told the link's number, undefined when there is none of its name. */
export function performOnLinks<V extends { readonly dev: string }>(
  channel: Channel,
  changes: readonly Change<V>[],
  taskOf: (change: Change<V>, link: number | undefined) => Task,
): Outcome[] {
  const devOf = (change: Change<V>) => (change.op === "delete" ? change.have : change.want).dev;
  const links = linkNumbers(channel, changes.map(devOf));
  return perform(
    channel,
    changes.map((change) => taskOf(change, links.get(devOf(change)))),
  );
}

/** One outcome per task, in their order. A question that fails keeps no other from being asked. */
export function perform(channel: Channel, tasks: readonly Task[]): Outcome[] {
  const refusals = channel.change(tasks.flatMap(({ questions }) => questions));
  let at = 0;
  return tasks.map(({ questions, fine = [], failed }) => {
    const own = refusals.slice(at, (at += questions.length));
    const reason = failed ?? own.find((refusal) => refusal !== undefined && !fine.includes(refusal.errno))?.reason;
    return reason === undefined ? DONE : { state: "failed", reason };
  });
}
