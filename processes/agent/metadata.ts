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
import type { Finished } from "#engine/host-loop.ts";
import type { Rereading } from "../rereading.ts";
import type { AgentRead } from "./settings.ts";

export interface AgentMetadataParts {
  readonly live: Rereading<AgentRead>;
  /** What has been told last. The host is perhaps not there yet. */
  readonly told: () => View | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AgentMetadata {
  readonly status: MetadataService["status"];
  finished(finished: Finished): void;
  close(): Promise<void>;
}

/** Undefined where no VMs are. */
export function agentMetadata({ live, told, clock, log }: AgentMetadataParts): AgentMetadata | undefined {
  const { role, host } = live.now().settings.agent;
  if (role !== "compute") return undefined;
  const here = knownHere(host, told);
  const service = metadataService({ callers: here.callers, clock, log }, termsOf(live.now()));
  live.listen((read) => service.configure(termsOf(read)));
  return {
    status: service.status,
    finished: (finished) => {
      here.finished(finished);
      service.wake();
    },
    close: service.close,
  };
}

/**
 * Who is here by the last round. An address on its way from one port to another is nobody's for that while: by tap and address
 * the packet filter lets in the one, and the view may speak of the other.
 */
export function knownHere(host: string, told: () => View | undefined) {
  let last: { readonly view: View; readonly doubted: ReadonlySet<string> } | undefined;
  let gathered: { readonly of: typeof last; readonly told: View["endpoints"] | undefined; readonly callers: Callers } | undefined;
  return {
    finished: ({ plan: { view }, result }: Pick<Finished, "result"> & { readonly plan: Pick<Finished["plan"], "view"> }) => {
      const doubted = doubtedIn(result);
      const isSame = last?.view.endpoints === view.endpoints && last.doubted.size === 0 && doubted.size === 0;
      last = isSame ? last : { view, doubted };
    },
    /** Gathered once for each state of things: VMs ask more often than these change. */
    callers: (): Callers | undefined => {
      const newest = told()?.endpoints;
      if (last === undefined) return undefined;
      if (gathered?.of === last && gathered.told === newest) return gathered.callers;
      const { view, doubted } = last;
      const isSettled = (port: string, ip: string) =>
        !doubted.has(ip) && (newest === undefined || newest.get(port)?.addresses.some((each) => each.ip === ip) === true);
      const endpoints = [...settledView(view, host).endpoints.values()].filter(({ port_id }) => newest?.has(port_id) !== false);
      const settled = endpoints.map((each) => ({ ...each, addresses: each.addresses.filter(({ ip }) => isSettled(each.port_id, ip)) }));
      gathered = { of: last, told: newest, callers: callersOf(settled) };
      return gathered.callers;
    },
  };
}

/** Addresses that the packet filter lets in otherwise than it should: a change failed, or waits. */
function doubtedIn({ news }: Finished["result"]): ReadonlySet<string> {
  const undone = news.filter(({ ref, outcome }) => ref.startsWith(CALLERS) && outcome.state !== "done");
  return new Set(undone.map(({ ref }) => ref.slice(ref.lastIndexOf(" ") + 1)));
}

const CALLERS = "nft/inet element callers ";

function termsOf({ settings: { metadata }, metadata: { secret, ...pem } }: AgentRead): MetadataTerms {
  const { urls, connect_seconds, timeout_seconds, port_requests, port_burst, port_connections } = metadata;
  const limits = { rate: { perSecond: port_requests, burst: port_burst }, connections: port_connections };
  if (urls.length === 0 || secret === undefined) return limits;
  const api = metadataUpstream({ urls, ...pem, connectMs: connect_seconds * 1000, silenceMs: timeout_seconds * 1000 });
  return { ...limits, upstream: { api, secret } };
}
