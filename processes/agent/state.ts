/** What the agent wants of its host, what it has, and why they differ: for whoever asks on the host, made when it is asked for. */
import type { ObjectRecord } from "#core/why/evidence.ts";
import type { MetadataStatus } from "#adapters/metadata/service.ts";
import type { EndpointState } from "#core/feed/item.ts";
import type { Finished } from "#engine/host-loop.ts";
import { reportOf } from "#engine/report.ts";
import type { Entry } from "#engine/round.ts";
import type { AgentSettings } from "./settings.ts";

export interface AgentStatus {
  readonly host: string;
  readonly role: string;
  readonly pid: number;
  readonly version: string;
  /** `connected`, or since when not, and why. */
  readonly controller: string;
  /** The cloud's revision that the last round was made for; null before the first. */
  readonly revision: number | null;
  /** Was that told by the controller, or is it remembered from before this agent's start? Null before the first. */
  readonly view: "told" | "remembered" | null;
  readonly endpoints: Readonly<Record<string, EndpointState>>;
  readonly troubles: readonly string[];
  /** Compute hosts: where VMs are answered, whether Nova answers, and what became of questions. */
  readonly metadata?: MetadataStatus;
}

/** Which objects: each that is given narrows them. */
export interface Asked {
  /** An API object: `port/8f…`. */
  readonly because?: string | undefined;
  readonly state?: string | undefined;
  /** `route`, `nft`… */
  readonly kind?: string | undefined;
}

export interface AgentState {
  finished(finished: Finished): void;
  controller(state: string): void;
  /** This agent serves metadata, and how that stands. */
  serves(metadata: () => MetadataStatus): void;
  status(): AgentStatus;
  objects(asked?: Asked): readonly ObjectRecord[];
}

export function agentState({ host, role }: AgentSettings, version: string): AgentState {
  let controller = "not connected yet";
  let last: Finished | undefined;
  let metadata: (() => MetadataStatus) | undefined;
  return {
    controller: (state) => (controller = state),
    finished: (finished) => (last = finished),
    serves: (status) => (metadata = status),
    status: () => ({ host, role, pid: process.pid, version, controller, ...hostStatus(last), ...(metadata && { metadata: metadata() }) }),
    objects: (asked = {}) => (last?.result.entries ?? []).filter((entry) => isStillThere(entry) && isAsked(entry, asked)).map(objectOf),
  };
}

function hostStatus(last: Finished | undefined): Pick<AgentStatus, "revision" | "view" | "endpoints" | "troubles"> {
  if (last === undefined) return { revision: null, view: null, endpoints: {}, troubles: [] };
  const { revision, endpoints, troubles } = reportOf(last.result, last.plan.revision);
  return { revision, view: last.plan.source, endpoints, troubles };
}

/** What was deleted is no object any more. */
function isStillThere({ op, outcome }: Entry): boolean {
  return !(op === "delete" && outcome.state === "done");
}

function isAsked({ ref, because, outcome }: Entry, asked: Asked): boolean {
  return (
    (asked.because === undefined || because.includes(asked.because)) &&
    (asked.state === undefined || outcome.state === asked.state) &&
    (asked.kind === undefined || ref.startsWith(`${asked.kind}/`))
  );
}

function objectOf({ ref, show, op, outcome, waitsFor, because }: Entry): ObjectRecord {
  return {
    object: ref,
    show,
    wanted: op !== "delete",
    state: outcome.state,
    ...(outcome.state === "failed" ? { reason: outcome.reason } : {}),
    ...(waitsFor === undefined ? {} : { waits_for: waitsFor }),
    because,
  };
}
