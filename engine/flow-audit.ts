/**
 * Flows that were let through once are asked about no more, so whenever a round has changed what is let through, those of whom it
 * concerns are looked at: what could not begin now is cut, what was cut and could begin again is let go on, and everything else is
 * left alone. An agent that starts looks at all of them once, because one before it may have died between the two.
 *
 * A flow is cut by its mark, and stays in the kernel's table: the packet filter drops what belongs to it. One whose translation has
 * become another is removed, so that its next packet is translated anew. Of whom each packet must be looked at from now on, none may be
 * offloaded any longer.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Outcome } from "#contracts/driver.ts";
import type { Flow, Flows } from "#contracts/flows.ts";
import type { Log } from "#contracts/log.ts";
import type { View } from "#core/feed/item.ts";
import { takesSlowPath } from "#core/intent/offload.ts";
import { CUT_MARK } from "#core/intent/policy.ts";
import type { Ip } from "#core/net/address.ts";
import { concernOf, newcomersIn, slowedIn } from "#core/reach/concern.ts";
import { addressesOf, groundOf, standingOf } from "#core/reach/flow.ts";
import { retryAfter } from "#core/reconcile/retry.ts";
import type { Entry } from "./round.ts";

export interface FlowAuditParts {
  readonly host: string;
  readonly flows: Flows;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FlowAudit {
  /** A round has ended that was made for this view. */
  finished(entries: readonly Entry[], view: View): void;
  /** Answers once nothing is at work; nothing will be. */
  stop(): Promise<void>;
}

export function flowAudit({ host, flows, clock, log }: FlowAuditParts): FlowAudit {
  const state: State = { view: undefined, pending: "all", slowing: undefined, someCut: true, failures: 0, resting: false, stopped: false };
  let working: Promise<void> | undefined;
  let takeBack = () => {};

  const look = async (view: View) => {
    const [asked, slowed] = [state.pending, state.slowing ?? NOBODY];
    state.pending = state.slowing = NOBODY;
    try {
      const done = await audit(flows, groundOf(view, host), asked === "all" ? localsOf(view) : asked);
      if (!isNobody(slowed)) await flows.slow(slowed);
      // Only a look at everybody tells that none is left.
      state.someCut = done.cut > 0 || (asked !== "all" && state.someCut);
      state.failures = 0;
      if (done.closed + done.opened + done.removed > 0) log.info("flows looked at", { ...done });
    } catch (error) {
      state.pending = union(asked, state.pending);
      state.slowing = union(slowed, state.slowing);
      state.failures++;
      state.resting = true;
      log.error("flows cannot be cut", { reason: error instanceof Error ? error.message : String(error) });
    }
  };
  const isDone = () => isNobody(state.pending) && isNobody(state.slowing ?? NOBODY);
  const next = () => (isDone() || state.resting || state.stopped ? undefined : state.view);
  const work = async () => {
    for (let view = next(); view !== undefined; view = next()) await look(view);
    working = undefined;
    if (state.resting && !state.stopped) takeBack = clock.after(retryAfter(state.failures), again);
  };
  const start = () => {
    if (next() !== undefined) working ??= work();
  };
  function again(): void {
    state.resting = false;
    start();
  }

  return {
    finished: (entries, view) => {
      state.view = view;
      const changed = entries.filter(({ op, outcome }) => isChange(op) && outcome.state === "done");
      // What came into being let more through: that matters to flows that were cut alone, and to those of an address that is new here.
      const fewer = changed.filter(({ op }) => state.someCut || op !== "create");
      state.pending = union(union(state.pending, concernOf(view, fewer)), newcomersIn(changed.filter(({ op }) => op === "create")));
      state.slowing = union(state.slowing ?? slowOf(view, host), slowedIn(view, changed));
      start();
    },
    stop: async () => {
      state.stopped = true;
      takeBack();
      await working;
    },
  };
}

interface State {
  view: View | undefined;
  /** Whose flows are to be looked at; at first everybody's. */
  pending: ReadonlySet<Ip> | "all";
  /** Whose flows must not be offloaded any longer: at first, those of whoever takes the slow path. */
  slowing: ReadonlySet<Ip> | "all" | undefined;
  /** Has any flow been cut that may be tracked still? */
  someCut: boolean;
  /** In a row, and whether the next attempt waits for its time. */
  failures: number;
  resting: boolean;
  stopped: boolean;
}

function isChange(op: Entry["op"]): boolean {
  return op === "create" || op === "replace" || op === "delete";
}

function isNobody(addresses: ReadonlySet<Ip> | "all"): boolean {
  return addresses !== "all" && addresses.size === 0;
}

function union(one: ReadonlySet<Ip> | "all", other: ReadonlySet<Ip> | "all"): ReadonlySet<Ip> | "all" {
  return one === "all" || other === "all" ? "all" : new Set([...one, ...other]);
}

const NOBODY: ReadonlySet<Ip> = new Set();

function slowOf(view: View, host: string): ReadonlySet<Ip> {
  return new Set([...view.endpoints.values()].filter((endpoint) => takesSlowPath(view, endpoint, host)).flatMap(addressesOf));
}

function localsOf({ endpoints }: View): ReadonlySet<Ip> {
  return new Set([...endpoints.values()].flatMap(addressesOf));
}

interface Done {
  /** How many were cut now, let go on, and removed. */
  readonly closed: number;
  readonly opened: number;
  readonly removed: number;
  /** How many of those looked at are cut. */
  readonly cut: number;
}

/** Rejects when something could not be done; what could be is. */
async function audit(flows: Flows, ground: ReturnType<typeof groundOf>, addresses: ReadonlySet<Ip>): Promise<Done> {
  if (addresses.size === 0) return { closed: 0, opened: 0, removed: 0, cut: 0 };
  const by = Map.groupBy(await flows.list(addresses), (flow) => standingOf(ground, flow));
  const [closed, open, astray] = [by.get("closed") ?? [], by.get("open") ?? [], by.get("astray") ?? []];
  const toCut = closed.filter((flow) => !isCut(flow));
  const toOpen = open.filter(isCut);
  const outcomes = [...(await remark(flows, [...toCut, ...toOpen])), ...(await flows.remove(astray))];
  const failed = outcomes.find((outcome) => outcome.state === "failed");
  if (failed?.state === "failed") throw new Error(failed.reason);
  return { closed: toCut.length, opened: toOpen.length, removed: astray.length, cut: closed.length };
}

/** Turns the bit over and leaves the rest of each mark, which is others', as it is. */
async function remark(flows: Flows, list: readonly Flow[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [mark, those] of Map.groupBy(list, (flow) => (flow.mark ^ CUT_MARK) >>> 0)) outcomes.push(...(await flows.mark(those, mark)));
  return outcomes;
}

function isCut({ mark }: Flow): boolean {
  return (mark & CUT_MARK) !== 0;
}
