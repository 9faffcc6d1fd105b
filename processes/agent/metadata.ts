/** The metadata service of a compute host's agent: who is here it knows from the agent's view, where Nova is from the settings. */
import { metadataService } from "#adapters/metadata/service.ts";
import type { MetadataService, MetadataTerms } from "#adapters/metadata/service.ts";
import { metadataUpstream } from "#adapters/metadata/upstream.ts";
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { View } from "#core/feed/item.ts";
import { settledView } from "#core/intent/contest.ts";
import { callersOf } from "#core/metadata/caller.ts";
import type { Callers } from "#core/metadata/caller.ts";
import type { Rereading } from "../rereading.ts";
import type { AgentRead } from "./settings.ts";

export interface AgentMetadataParts {
  readonly live: Rereading<AgentRead>;
  readonly view: () => View | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Undefined where no VMs are. */
export function agentMetadata({ live, view, clock, log }: AgentMetadataParts): MetadataService | undefined {
  const { role, host } = live.now().settings.agent;
  if (role !== "compute") return undefined;
  const service = metadataService({ callers: callersIn(view, host), clock, log }, termsOf(live.now()));
  live.listen((read) => service.configure(termsOf(read)));
  return service;
}

/** Gathered once for each state of the endpoints: VMs ask more often than these change. */
function callersIn(view: () => View | undefined, host: string): () => Callers | undefined {
  let last: { readonly endpoints: View["endpoints"]; readonly callers: Callers } | undefined;
  return () => {
    const now = view();
    if (now === undefined) return undefined;
    if (last?.endpoints !== now.endpoints)
      last = { endpoints: now.endpoints, callers: callersOf(settledView(now, host).endpoints.values()) };
    return last.callers;
  };
}

function termsOf({ settings: { metadata }, metadata: { secret, ...pem } }: AgentRead): MetadataTerms {
  const { urls, connect_seconds, timeout_seconds, port_requests, port_burst, port_connections } = metadata;
  const limits = { rate: { perSecond: port_requests, burst: port_burst }, connections: port_connections };
  if (urls.length === 0 || secret === undefined) return limits;
  const api = metadataUpstream({ urls, ...pem, connectMs: connect_seconds * 1000, silenceMs: timeout_seconds * 1000 });
  return { ...limits, upstream: { api, secret } };
}
