/** A table of tracked flows as a model. */
import type { Ip } from "#core/net/address.ts";
import type { Flow, Flows } from "./flows.ts";
import { DONE } from "./driver.ts";

export interface FakeFlows extends Flows {
  /** A flow begins. */
  track(flow: Omit<Flow, "id" | "mark"> & { readonly mark?: number }): void;
  /** Those of whom this holds are offloaded. */
  offload(which: (flow: Flow) => boolean): void;
  /** What is tracked now, in the order in which it began. */
  held(): readonly Flow[];
  /** To remove, to mark and to slow fails with this reason, until called without one. */
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
  const among: (addresses: Iterable<Ip> | "all") => Flow[] = (addresses) => {
    const asked = addresses === "all" ? undefined : new Set(addresses);
    return [...held.values()].filter(
      ({ orig, reply }) => asked === undefined || [orig, reply].some((ends) => asked.has(ends.src) || asked.has(ends.dst)),
    );
  };
  return {
    track: (flow) => {
      last++;
      held.set(last, { mark: 0, ...flow, id: last });
    },
    held: () => [...held.values()],
    offload: (which) => [...held.values()].filter(which).forEach((flow) => held.set(flow.id, { ...flow, offloaded: true })),
    fail: (reason) => (trouble = reason),
    list: async (addresses) => among(addresses),
    remove: async (flows) => each(flows, ({ id }) => held.delete(id)),
    mark: async (flows, mark) => each(flows, (flow) => held.set(flow.id, { ...(mark === 0 ? flow : ordinary(flow)), mark })),
    slow: async (addresses) => {
      if (trouble !== undefined) throw new Error(trouble);
      if (among(addresses).some(({ offloaded }) => offloaded === true)) for (const flow of held.values()) held.set(flow.id, ordinary(flow));
    },
  };
}

function ordinary({ offloaded: _ends, ...flow }: Flow): Flow {
  return flow;
}
