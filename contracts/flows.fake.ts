/** A table of tracked flows as a model. */
import type { Flow, Flows } from "./flows.ts";
import { DONE } from "./driver.ts";

export interface FakeFlows extends Flows {
  /** A flow begins. */
  track(flow: Omit<Flow, "id" | "mark"> & { readonly mark?: number }): void;
  /** What is tracked now, in the order in which it began. */
  held(): readonly Flow[];
  /** To remove and to mark fails with this reason, until called without one. */
  fail(reason?: string): void;
}

export function fakeFlows(): FakeFlows {
  const held = new Map<number, Flow>();
  let [last, trouble] = [0, undefined as string | undefined];
  const each = (flows: readonly Flow[], act: (flow: Flow) => void) =>
    flows.map((flow) => {
      if (trouble !== undefined) return { state: "failed", reason: trouble } as const;
      if (held.has(flow.id)) act(flow);
      return DONE;
    });
  return {
    track: (flow) => {
      last++;
      held.set(last, { mark: 0, ...flow, id: last });
    },
    held: () => [...held.values()],
    fail: (reason) => (trouble = reason),
    list: async (addresses) => {
      const asked = addresses === "all" ? undefined : new Set(addresses);
      return [...held.values()].filter(
        ({ orig, reply }) => asked === undefined || [orig, reply].some((ends) => asked.has(ends.src) || asked.has(ends.dst)),
      );
    },
    remove: async (flows) => each(flows, ({ id }) => held.delete(id)),
    mark: async (flows, mark) => each(flows, (flow) => held.set(flow.id, { ...flow, mark })),
  };
}
