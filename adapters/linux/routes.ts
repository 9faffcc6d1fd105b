/** Routes of the main table, told from others' by their protocol number. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import { FAMILIES, familyOf, widthOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { firstOf, lengthOf } from "#core/net/prefix.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { route, UNANNOUNCED_METRIC } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel } from "../netlink/channel.ts";
import type { KernelWatch } from "../netlink/watch.ts";
import { linkNames, linkNumbers } from "../netlink/links.ts";
import { routeGoneQuestion, routeQuestion, routesOf, routesTaken } from "../netlink/routes.ts";
import type { CutFlows } from "./flows.ts";
import { ENODEV, ESRCH, noDevice, perform } from "./outcomes.ts";
import type { Task } from "./outcomes.ts";

/** Gone with its link, or never there. */
const GONE = [ESRCH, ENODEV];

export interface RouteTools {
  readonly route: Channel;
  readonly watch: KernelWatch;
  readonly cut: CutFlows;
}

/**
 * Flows of an address are cut twice: when its last route to a device goes, and again before it is given one, because
 * whoever took the last one may have died, or failed, between the two. That takes long, and is begun as soon as it is known that there
 * will be a route; flows that begin until then are looked at afterwards like any others of an address that is new here. While another
 * route leads to the same device (one of another metric, on the way of a migration) the flows belong to whom the address belongs to,
 * and stay.
 */
export function linuxRoutes({ route: kernel, watch, cut }: RouteTools): Driver<Route> {
  // What stands, as last seen and since done. What is not known to stand is taken to be gone, so its flows are cut.
  const standing = shelf();
  /** What was begun for the changes that come next. */
  let ahead: { readonly of: ReadonlySet<Ip>; readonly uncut: Promise<ReadonlyMap<Ip, string>> } | undefined;
  const heldBy = ({ prefix, to }: Route) => standing.at(prefix).some((other) => ownerOf(other) === ownerOf({ to }));
  return {
    list: async () => {
      const names = linkNames(kernel);
      const routes = FAMILIES.flatMap((family) => routesOf(kernel, family, names));
      standing.clear();
      routes.forEach(standing.put);
      return routes;
    },
    read: async (values) => {
      const names = linkNames(kernel);
      const taken = values.length > FEW_ROUTES ? [] : takenOf(kernel, values, names);
      const known = new Set(taken.map(route.key));
      return [
        ...taken,
        ...listedOf(
          kernel,
          values.filter((value) => !known.has(route.key(value))),
          names,
        ),
      ];
    },
    // Whatever is on a link goes with it, even if it is back before anybody has looked.
    watch: (changed) => watch.route(["links", "routes"], (on) => changed(on === undefined ? on : (value) => ownerOf(value) === on)),
    foresee: (changes) => {
      const of = new Set(changes.flatMap((change) => (change.op !== "create" || heldBy(change.want) ? [] : addressOf(change.want))));
      ahead = of.size === 0 ? undefined : { of, uncut: cut(of) };
    },
    apply: async (changes) => {
      const begun = ahead;
      ahead = undefined;
      perform(
        kernel,
        changes.filter(isHandover).map(({ have }) => ({ questions: [routeGoneQuestion(have)], fine: GONE })),
      );
      const coming = changes.flatMap((change) => (change.op === "delete" || heldBy(change.want) ? [] : addressOf(change.want)));
      const uncut =
        begun !== undefined && coming.length > 0 && coming.every((ip) => begun.of.has(ip)) ? await begun.uncut : await cut(coming);
      const links = linkNumbers(
        kernel,
        changes.flatMap((change) => (change.op === "delete" ? [] : (ownerOf(change.want) ?? []))),
      );
      const outcomes = perform(
        kernel,
        changes.map((change) => taskOf(change, uncut, links)),
      );
      for (const [at, change] of changes.entries()) {
        if (change.op !== "create" && outcomes[at]?.state === "done") standing.drop(change.have);
        if (change.op !== "delete" && outcomes[at]?.state === "done" && !isUncut(change.want, uncut)) standing.put(change.want);
      }
      const left = await cut(changes.flatMap((change) => (change.op === "create" || heldBy(change.have) ? [] : addressOf(change.have))));
      return changes.map((change, at) => outcomeOf(change, { outcome: outcomes[at] ?? DONE, uncut, left }));
    },
  };
}

/** To ask for so many one by one is cheaper than to list all. */
const FEW_ROUTES = 100;

/** Those of these of which the kernel itself says that packets go by what is at their key. */
function takenOf(kernel: Channel, values: readonly Route[], names: ReturnType<typeof linkNames>): Route[] {
  const single = values.filter(({ prefix }) => lengthOf(prefix) === widthOf(familyOf(prefix)));
  const taken = routesTaken(
    kernel,
    single.map(({ prefix }) => firstOf(prefix)),
    names,
  );
  return taken.flatMap((found, at) => {
    const asked = single[at];
    return found === undefined || asked === undefined || route.key(found) !== route.key(asked) ? [] : [found];
  });
}

/** Whatever is at the keys of these. */
function listedOf(kernel: Channel, values: readonly Route[], names: ReturnType<typeof linkNames>): Route[] {
  const [prefixes, keys] = [new Set(values.map(({ prefix }) => prefix)), new Set(values.map(route.key))];
  return [...new Set(values.map(({ prefix }) => familyOf(prefix)))].flatMap((family) =>
    routesOf(kernel, family, names, prefixes).filter((each) => keys.has(route.key(each))),
  );
}

/** Routes by prefix, of which there may be one for each metric. */
function shelf() {
  const routes = new Map<Cidr, readonly Route[]>();
  const at = (prefix: Cidr) => routes.get(prefix) ?? [];
  const others = ({ prefix, metric }: Route) => at(prefix).filter((other) => other.metric !== metric);
  return {
    at,
    put: (value: Route) => void routes.set(value.prefix, [...others(value), value]),
    drop: (value: Route) => void routes.set(value.prefix, others(value)),
    clear: () => routes.clear(),
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

/** The address of a route to one device; none for whole prefixes, unreachable ones, and those that another host serves. */
function addressOf({ prefix, to, metric }: Route): readonly Ip[] {
  return to === "unreachable" || metric >= UNANNOUNCED_METRIC || lengthOf(prefix) !== widthOf(familyOf(prefix)) ? [] : [firstOf(prefix)];
}

/** Then it is given no route. */
function isUncut(value: Route, uncut: ReadonlyMap<Ip, string>): boolean {
  return addressOf(value).some((ip) => uncut.has(ip));
}

function taskOf(change: Change<Route>, uncut: ReadonlyMap<Ip, string>, links: ReadonlyMap<string, number>): Task {
  if (change.op === "delete") return { questions: [routeGoneQuestion(change.have)], fine: GONE };
  if (isUncut(change.want, uncut)) return { questions: [] };
  const dev = ownerOf(change.want);
  const link = dev === undefined ? undefined : links.get(dev);
  if (dev !== undefined && link === undefined) return { questions: [], failed: noDevice(dev) };
  return { questions: [routeQuestion(change.want, link)] };
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
