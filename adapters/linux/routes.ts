/** Routes of the main table, told from others' by their protocol number. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import { familyOf, widthOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { firstOf, lengthOf } from "#core/net/prefix.ts";
import { readRoutes, routeGoneLine, routeLine } from "#core/kinds/route-text.ts";
import { MARGAY_PROTOCOL, route } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { ipBatch } from "./batch.ts";
import type { Task } from "./batch.ts";
import type { CutFlows } from "./flows.ts";
import type { IpListing } from "./listing.ts";

/** Gone with its link, or never there. */
const GONE = /No such process|Cannot find device/;

export interface RouteTools {
  readonly run: RunProgram;
  readonly list: IpListing;
  readonly cut: CutFlows;
}

/**
 * Flows of an address are cut twice: when its last route to a device goes, and again before it is given one, because
 * whoever took the last one may have died, or failed, between the two. While another route leads to the same device
 * (one of another metric, on the way of a migration) the flows belong to whom the address belongs to, and stay.
 */
export function linuxRoutes({ run, list, cut }: RouteTools): Driver<Route> {
  // What stands, as last seen and since done. What is not known to stand is taken to be gone, so its flows are cut.
  const standing = new Map<string, Route>();
  const heldBy = ({ prefix, to }: Route) =>
    [...standing.values()].some((other) => other.prefix === prefix && ownerOf(other) === ownerOf({ to }));
  return {
    list: async () => {
      const routes = readRoutes(await list(`route show table all proto ${MARGAY_PROTOCOL}`));
      standing.clear();
      for (const each of routes) standing.set(route.key(each), each);
      return routes;
    },
    apply: async (changes) => {
      await ipBatch(
        run,
        changes.filter(isHandover).map(({ have }) => ({ lines: [routeGoneLine(have)], fine: GONE })),
      );
      const uncut = await cut(changes.flatMap((change) => (change.op === "delete" || heldBy(change.want) ? [] : addressOf(change.want))));
      const outcomes = await ipBatch(
        run,
        changes.map((change) => taskOf(change, uncut)),
      );
      for (const [at, change] of changes.entries()) {
        if (change.op !== "create" && outcomes[at]?.state === "done") standing.delete(route.key(change.have));
        if (change.op !== "delete" && outcomes[at]?.state === "done") standing.set(route.key(change.want), change.want);
      }
      const left = await cut(changes.flatMap((change) => (change.op === "create" || heldBy(change.have) ? [] : addressOf(change.have))));
      return changes.map((change, at) => outcomeOf(change, { outcome: outcomes[at] ?? DONE, uncut, left }));
    },
  };
}

/** An address that goes from one device to another rests in between, or flows would be made by the old route after they were cut. */
function isHandover(change: Change<Route>): change is Extract<Change<Route>, { readonly op: "replace" }> {
  return change.op === "replace" && change.have.to !== "unreachable" && ownerOf(change.want) !== ownerOf(change.have);
}

/** The device that a route gives its address to. */
function ownerOf({ to }: Pick<Route, "to">): string | undefined {
  return to === "unreachable" ? undefined : to.dev;
}

/** The address of a route to one device; none for whole prefixes and unreachable ones. */
function addressOf({ prefix, to }: Route): readonly Ip[] {
  return to === "unreachable" || lengthOf(prefix) !== widthOf(familyOf(prefix)) ? [] : [firstOf(prefix)];
}

function taskOf(change: Change<Route>, uncut: ReadonlyMap<Ip, string>): Task {
  if (change.op === "delete") return { lines: [routeGoneLine(change.have)], fine: GONE };
  return { lines: addressOf(change.want).some((ip) => uncut.has(ip)) ? [] : [routeLine(change.want)] };
}

interface Doings {
  readonly outcome: Outcome;
  /** Addresses with flows that could not be cut before, and after. */
  readonly uncut: ReadonlyMap<Ip, string>;
  readonly left: ReadonlyMap<Ip, string>;
}

function outcomeOf(change: Change<Route>, { outcome, uncut, left }: Doings): Outcome {
  if (outcome.state !== "done") return outcome;
  const [reasons, value] = change.op === "delete" ? [left, change.have] : [uncut, change.want];
  const reason = addressOf(value).flatMap((ip) => reasons.get(ip) ?? [])[0];
  return reason === undefined ? DONE : { state: "failed", reason: `old flows are not cut: ${reason}` };
}
