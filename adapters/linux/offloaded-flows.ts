/**
 * Tracked flows where some are offloaded. The kernel lets go of those of a whole flowtable only; before that a mark is not seen, and one
 * that is removed is not over, or is not removed at all (which of the two, is a matter of the kernel's age). So a flow is marked first,
 * which keeps it from being offloaded again, and whatever is offloaded is made to meet the packet filter, where all that are let through
 * are offloaded anew.
 */
import type { Outcome } from "#contracts/driver.ts";
import type { Flow, Flows } from "#contracts/flows.ts";
import { CUT_MARK } from "#core/intent/policy.ts";
import type { FlowTable } from "../netlink/flows.ts";

/** `end`: all offloaded flows meet the packet filter with their next packet. */
export function offloadedFlows(table: FlowTable, end: (() => Promise<void>) | undefined): Flows {
  // Where nothing can be offloaded.
  if (end === undefined) return { ...table, slow: async () => undefined };
  /** Those of these that are offloaded now, whatever they were when they were listed. */
  const offloadedOf = async (flows: readonly Flow[]) => {
    const now = await table.now(flows);
    return new Set(flows.filter((_, at) => now[at]?.offloaded === true));
  };
  const mark: Flows["mark"] = async (flows, value) => {
    const outcomes = await table.mark(flows, value);
    if (value === 0) return outcomes;
    const offloaded = await offloadedOf(flows);
    if (offloaded.size === 0) return outcomes;
    const reason = await reasonOf(end);
    if (reason === undefined) return outcomes;
    return outcomes.map((outcome, at) => (outcome.state === "done" && isAmong(offloaded, flows[at]) ? failed(reason) : outcome));
  };
  /** They go on to be tracked, without being let through. Gives those that cannot be ended, and why. */
  const ended = async (flows: readonly Flow[]): Promise<ReadonlyMap<Flow, Outcome>> => {
    const kept = new Map<Flow, Outcome>();
    for (const [value, some] of Map.groupBy(flows, (flow) => (flow.mark | CUT_MARK) >>> 0)) {
      const outcomes = await mark(some, value);
      for (const [at, flow] of some.entries()) if (outcomes[at]?.state !== "done") kept.set(flow, outcomes[at] ?? UNSAID);
    }
    if (kept.size === 0) await until(async () => (await offloadedOf(flows)).size === 0);
    return kept;
  };
  return {
    list: table.list,
    mark,
    remove: async (flows) => {
      const offloaded = await offloadedOf(flows);
      const kept = offloaded.size === 0 ? NONE : await ended([...offloaded]);
      const going = flows.filter((flow) => !kept.has(flow));
      const outcomes = await table.remove(going);
      const left = new Map(going.map((flow, at) => [flow, outcomes[at]]));
      return flows.map((flow) => kept.get(flow) ?? left.get(flow) ?? UNSAID);
    },
    slow: async (addresses) => {
      const found = await table.list(addresses);
      if (found.some(({ offloaded }) => offloaded === true)) await end();
    },
  };
}

const NONE: ReadonlyMap<Flow, Outcome> = new Map();
const UNSAID: Outcome = { state: "failed", reason: "nothing was said of it" };
const failed = (reason: string): Outcome => ({ state: "failed", reason });

function isAmong(flows: ReadonlySet<Flow>, flow: Flow | undefined): boolean {
  return flow !== undefined && flows.has(flow);
}

async function reasonOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const [PATIENCE_MS, STEP_MS] = [2000, 5];

/** The kernel takes flows out of a flowtable that is gone beside its other work. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let left = PATIENCE_MS; left > 0 && !(await holds()); left -= STEP_MS) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
}
