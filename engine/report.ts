/** What a round says of the host, for the controller and for people. */
import type { EndpointState, Report } from "#core/feed/item.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Entry, RoundResult } from "./round.ts";

/** Causes of this form name the port whose state depends on the object. */
const PORT = "port/";
const UP: EndpointState = { state: "up" };

export function reportOf(
  { news, causes, unknown }: RoundResult,
  revision: number,
  signs: Partial<Pick<Report, "arrived" | "taken">> = {},
): Report {
  // Kinds are done side by side: which of them ended first says nothing, and must not look like news.
  const undone = news.filter(({ outcome }) => outcome.state !== "done").toSorted((one, other) => (one.ref < other.ref ? -1 : 1));
  // One line for a kind that could not be listed, not one for each of its objects.
  const told = new Set(unknown.map(({ kind }) => kind));
  const troubles = undone.filter(({ op, ref }) => !(op === "unknown" && told.has(ref.slice(0, ref.indexOf("/"))))).map(troubleOf);
  return {
    op: "report",
    revision,
    arrived: signs.arrived ?? {},
    taken: signs.taken ?? {},
    endpoints: { ...allUp(causes), ...endpointStates(undone) },
    troubles: [...unknown.map(({ kind, reason }) => `${kind} cannot be listed: ${reason}`), ...troubles],
  };
}

/** Everything because of them stands, but for what there is news of. */
function allUp(causes: Iterable<string>): Record<string, EndpointState> {
  const states: Record<string, EndpointState> = {};
  for (const cause of causes) if (cause.startsWith(PORT)) states[cause.slice(PORT.length)] = UP;
  return states;
}

/** `route/10.65.0.5/32 metric 1024: waits for link/tap1`. */
function troubleOf({ ref, outcome, waitsFor }: Entry): string {
  return outcome.state === "failed" ? `${ref}: ${outcome.reason}` : `${ref}: waits for ${waitsFor ?? ref}`;
}

/**
 * By port: up when everything because of it stands. What waits for an object that failed has failed too, with that reason; a
 * failure outweighs a wait.
 */
export function endpointStates(entries: readonly Entry[]): Record<string, EndpointState> {
  const byRef = new Map(entries.map((entry) => [entry.ref, entry]));
  const states: Record<string, EndpointState> = {};
  for (const entry of entries) {
    // What is still to be taken away says nothing of how well its port is served.
    if (entry.op === "delete") continue;
    const state = stateOf(entry, byRef);
    for (const cause of entry.because) {
      if (!cause.startsWith(PORT)) continue;
      const port = cause.slice(PORT.length);
      states[port] = worse(states[port], state);
    }
  }
  return states;
}

function stateOf(entry: Entry, byRef: ReadonlyMap<Ref, Entry>): EndpointState {
  if (entry.outcome.state === "done") return { state: "up" };
  const root = rootOf(entry, byRef);
  if (root?.outcome.state === "failed") return { state: "failed", reason: `${root.ref}: ${root.outcome.reason}` };
  return { state: "waiting", for: root?.ref ?? entry.waitsFor ?? entry.ref };
}

/** Follows the waits to where they end: an object that failed, one that others must make, or one that nobody wants (undefined). */
function rootOf(entry: Entry, byRef: ReadonlyMap<Ref, Entry>): Entry | undefined {
  const seen = new Set<Entry>();
  let at: Entry | undefined = entry;
  while (at !== undefined && at.outcome.state === "held" && at.waitsFor !== at.ref && !seen.has(at)) {
    seen.add(at);
    at = at.waitsFor === undefined ? at : byRef.get(at.waitsFor);
  }
  return at;
}

const WEIGHT = { up: 0, waiting: 1, failed: 2 } as const;

function worse(known: EndpointState | undefined, state: EndpointState): EndpointState {
  return known === undefined || WEIGHT[state.state] > WEIGHT[known.state] ? state : known;
}
