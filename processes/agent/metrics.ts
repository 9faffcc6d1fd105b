/** What an agent measures of itself. */
import { measureAgent } from "#adapters/metrics/agent.ts";
import { measureTranslation } from "#adapters/metrics/translation.ts";
import type { PoolUse } from "#engine/pool-watch.ts";
import { measureUse } from "#adapters/metrics/process.ts";
import { registry } from "#adapters/metrics/registry.ts";
import type { Registry } from "#adapters/metrics/registry.ts";
import { kindOf } from "#core/kinds/kind.ts";
import type { AgentState } from "./state.ts";

export function agentMetrics(state: AgentState, poolUse?: () => PoolUse | undefined): Registry {
  const metrics = registry();
  measureUse(metrics);
  measureAgent(metrics, {
    isConnected: () => state.status().controller === "connected",
    revision: () => state.status().revision ?? undefined,
    endpoints: () => Object.values(state.status().endpoints),
    metadata: () => state.status().metadata?.requests,
    objects: () => state.objects().map((one) => ({ kind: kindOf(one.object), state: one.state })),
  });
  if (poolUse !== undefined) measureTranslation(metrics, { fill: poolUse, ports: () => poolUse()?.ports ?? [] });
  return metrics;
}
