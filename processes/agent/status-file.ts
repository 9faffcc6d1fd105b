/** `STATE/agent.json`: what the agent wants of its host, what it has, and why they differ, for whoever asks on the host. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EndpointState } from "#core/feed/item.ts";
import type { Finished } from "#engine/host-loop.ts";
import { reportOf } from "#engine/report.ts";
import type { Entry } from "#engine/round.ts";
import type { AgentSettings } from "./settings.ts";

export const STATUS_FILE = "agent.json";

export interface AgentStatus {
  readonly host: string;
  readonly role: string;
  readonly pid: number;
  /** `connected`, or why not. */
  readonly controller: string;
  /** The cloud's revision that the last round was made for; null before the first. */
  readonly revision: number | null;
  readonly endpoints: Readonly<Record<string, EndpointState>>;
  readonly troubles: readonly string[];
  readonly objects: readonly ObjectStatus[];
}

/** One object that the host should hold, or should no longer. */
export interface ObjectStatus {
  readonly object: string;
  readonly show: string;
  readonly wanted: boolean;
  readonly state: "done" | "held" | "failed";
  readonly reason?: string;
  readonly waits_for?: string;
  /** API objects that caused it. */
  readonly because: readonly string[];
}

export interface StatusFile {
  finished(finished: Finished): void;
  controller(state: string): void;
  /** Writes what is still to be written. */
  close(): void;
}

/** News within this time are written together: the file is long, and the host comes first. */
const GATHER_MS = 500;

/** Written whenever it says something else than before, with some delay. */
export function statusFile({ host, role, state }: AgentSettings): StatusFile {
  const path = join(state, STATUS_FILE);
  let status: AgentStatus = {
    host,
    role,
    pid: process.pid,
    controller: "not connected yet",
    revision: null,
    endpoints: {},
    troubles: [],
    objects: [],
  };
  let last: Finished | undefined;
  let timer: NodeJS.Timeout | undefined;
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    const text = JSON.stringify({ ...status, ...(last === undefined ? {} : hostStatus(last)) });
    writeFileSync(`${path}.new`, `${text}\n`);
    renameSync(`${path}.new`, path);
  };
  const later = () => (timer ??= setTimeout(write, GATHER_MS));
  write();
  return {
    controller: (controller) => {
      status = { ...status, controller };
      later();
    },
    finished: (finished) => {
      last = finished;
      if (finished.changed) later();
    },
    close: () => (timer === undefined ? undefined : write()),
  };
}

function hostStatus({ plan, result }: Finished): Partial<AgentStatus> {
  const { revision, endpoints, troubles } = reportOf(result, plan.revision);
  return { revision, endpoints, troubles, objects: result.entries.filter(isStillThere).map(objectOf) };
}

/** What was deleted is no object any more. */
function isStillThere({ op, outcome }: Entry): boolean {
  return !(op === "delete" && outcome.state === "done");
}

function objectOf({ ref, show, op, outcome, waitsFor, because }: Entry): ObjectStatus {
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
