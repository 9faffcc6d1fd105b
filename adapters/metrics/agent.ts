/** Figures of an agent: does it hear the controller, how far has it come, and what of its host is not as it should be. */
import type { Registry } from "./registry.ts";

export interface AgentFigures {
  readonly isConnected: () => boolean;
  /** Of the view that the host was last brought to; undefined before the first. */
  readonly revision: () => number | undefined;
  readonly endpoints: () => Iterable<{ readonly state: string }>;
  /** Questions for metadata by what became of them; undefined where none are answered. */
  readonly metadata: () => Readonly<Record<string, number>> | undefined;
  /** `kind`: the first part of the object's name. */
  readonly objects: () => Iterable<{ readonly kind: string; readonly state: string }>;
}

export function measureAgent(metrics: Registry, figures: AgentFigures): void {
  metrics.gauge({
    name: "margay_agent_connected",
    help: "1 while the controller is heard.",
    read: () => [{ value: figures.isConnected() ? 1 : 0 }],
  });
  metrics.gauge({
    name: "margay_agent_revision",
    help: "Revision of the cloud that the host was last brought to.",
    read: () => [figures.revision()].flatMap((value) => (value === undefined ? [] : [{ value }])),
  });
  metrics.gauge({
    name: "margay_agent_endpoints",
    help: "Endpoints of this host: up, waiting for something, failed.",
    read: () => counted(["up", "waiting", "failed"], [...figures.endpoints()]),
  });
  metrics.gauge({
    name: "margay_agent_metadata_requests_total",
    help: "Questions of VMs for metadata, by what became of them.",
    kind: "counter",
    read: () => Object.entries(figures.metadata() ?? {}).map(([outcome, value]) => ({ labels: { outcome }, value })),
  });
  metrics.gauge({
    name: "margay_agent_objects",
    help: "Objects of this host by kind: done, held until something comes, failed.",
    read: () => {
      const byKind = Map.groupBy(figures.objects(), ({ kind }) => kind);
      return [...byKind].flatMap(([kind, objects]) => counted(["done", "held", "failed"], objects, { kind }));
    },
  });
}

/** Also those that nothing is in: an alarm needs a zero. */
function counted(states: readonly string[], all: readonly { readonly state: string }[], labels: Readonly<Record<string, string>> = {}) {
  return states.map((state) => ({ labels: { ...labels, state }, value: all.filter((one) => one.state === state).length }));
}
