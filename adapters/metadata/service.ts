/**
 * The metadata service of a compute host: VMs ask it, it asks Nova in the name of who asks. Nothing that a VM says of itself counts, nothing
 * of what passes is logged, and no VM can keep another from being answered: each has its own connections and its own rate.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { MetadataApi } from "#contracts/metadata.ts";
import type { Rate } from "#core/metadata/bucket.ts";
import { callerAt } from "#core/metadata/caller.ts";
import type { Callers } from "#core/metadata/caller.ts";
import { DOOR, INSIDE6, METADATA4 } from "#core/metadata/place.ts";
import { NONE_YET } from "#core/metadata/tally.ts";
import type { Outcome, Tally } from "#core/metadata/tally.ts";
import { door, PATIENCE } from "./door.ts";
import type { Patience } from "./door.ts";
import { forward, refuse } from "./forward.ts";
import type { Refusal } from "./forward.ts";
import { quotas } from "./quotas.ts";
import { upstreamLog } from "./upstream-log.ts";

/** Nova, and the secret that it knows. */
export interface MetadataUpstream {
  readonly api: MetadataApi;
  readonly secret: string;
}

export interface MetadataTerms {
  /** Absent: none was configured, and that is the answer. */
  readonly upstream?: MetadataUpstream;
  /** Of each port. */
  readonly rate: Rate;
  readonly connections: number;
}

export interface MetadataParts {
  /** Undefined: nobody knows yet who is here. */
  readonly callers: () => Callers | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly place?: { readonly addresses: readonly string[]; readonly port: number };
  readonly patience?: Patience;
}

export interface MetadataStatus {
  /** By address: `listening`, or why not. */
  readonly doors: Readonly<Record<string, string>>;
  /** `answers`, `not asked yet`, `not configured`, or why it does not answer. */
  readonly nova: string;
  readonly requests: Tally;
}

export interface MetadataService {
  /** From now on; questions that are under way end as they began. */
  configure(terms: MetadataTerms): void;
  status(): MetadataStatus;
  /** Links may have changed. */
  wake(): void;
  close(): Promise<void>;
}

const SERVED = { addresses: [METADATA4, INSIDE6], port: DOOR };

export function metadataService(parts: MetadataParts, first: MetadataTerms): MetadataService {
  const { callers, clock, log, place = SERVED, patience = PATIENCE } = parts;
  const [told, quota, peers] = [upstreamLog(log), quotas(clock), new WeakMap<Socket, string>()];
  const tally: Record<Outcome, number> = { ...NONE_YET };
  let terms = first;
  told.configured(first.upstream !== undefined);

  const callerOf = (socket: Socket) => {
    const known = callers();
    return known === undefined ? undefined : callerAt(known, peers.get(socket) ?? "");
  };
  const admit = (socket: Socket) => {
    // The name of the interface is asked of the kernel now: later it may be another's.
    const peer = socket.remoteAddress ?? "";
    peers.set(socket, peer);
    const admitted = quota.connect(callerOf(socket)?.port_id ?? peer, socket, terms.connections);
    if (!admitted) tally.limited++;
    return admitted;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<Outcome> => {
    const { upstream, rate, connections } = terms;
    const caller = callerOf(request.socket);
    if (callers() === undefined) return refuse(response, "unknown", NOT_YET);
    if (caller === undefined) return refuse(response, "unknown", NOBODY);
    if (caller.instance === undefined) return refuse(response, "unknown", NO_SERVER);
    const wait = quota.take(caller.port_id, rate);
    if (wait > 0) return refuse(response, "limited", tooFast(wait));
    if (upstream === undefined) return refuse(response, "unconfigured", UNCONFIGURED);
    const leave = quota.begin(caller.port_id, connections);
    if (leave === undefined) return refuse(response, "limited", tooFast(1));
    return await forward({ request, response, caller, instance: caller.instance, upstream, heard: told.heard }).finally(leave);
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    // A VM that goes away, or an answer that breaks off: what has been sent of it is all that there is.
    const broken = () => (response.destroy(), "abandoned" as const);
    void answer(request, response)
      .catch(broken)
      .then((outcome) => tally[outcome]++);
  };
  const opened = door({ ...place, admit, handle, patience, changed: (address, state) => log.info("metadata", { address, state }) });
  return {
    configure: (next) => {
      if (terms.upstream !== next.upstream) told.configured(next.upstream !== undefined);
      terms = next;
    },
    status: () => ({ doors: opened.states(), nova: told.state(), requests: { ...tally } }),
    wake: opened.wake,
    close: async () => {
      await opened.close();
      terms.upstream?.api.close();
    },
  };
}

const NOT_YET: Refusal = { status: 503, text: "this host has not heard yet whose addresses are here", headers: { "retry-after": "1" } };
const NOBODY: Refusal = { status: 404, text: "no port of this host has the address that you ask from" };
const NO_SERVER: Refusal = { status: 404, text: "the port that you ask from belongs to no server" };
const UNCONFIGURED: Refusal = { status: 503, text: "no metadata API is configured on this host (metadata.urls in its agent's settings)" };

function tooFast(wait: number): Refusal {
  return { status: 429, text: `too many questions; ask again after ${wait} s`, headers: { "retry-after": `${wait}` } };
}
