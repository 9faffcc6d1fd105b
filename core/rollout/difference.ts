/** What a change of the data centre does to each machine and to each BGP session, beside what it does to the cloud. */
import { changed, detailsOf } from "../datacenter/apply-difference.ts";
import type { Detail, Difference } from "../datacenter/apply-difference.ts";
import type { DataCenter, Machine } from "../datacenter/data-center.ts";
import { torsOf } from "../datacenter/racks.ts";
import { segmentWith } from "../datacenter/segments.ts";
import { sessionsOf } from "../datacenter/sessions.ts";
import type { Session } from "../datacenter/sessions.ts";
import { tellsOf } from "../datacenter/tells.ts";
import type { Role, View } from "../feed/item.ts";
import { compile } from "../intent/compile.ts";
import { NOTHING } from "../intent/intent.ts";
import type { Intent } from "../intent/intent.ts";
import { daemon } from "../kinds/daemon.ts";
import { file } from "../kinds/file.ts";
import type { Kind, Wanted } from "../kinds/kind.ts";
import { link } from "../kinds/link.ts";
import { nft } from "../kinds/nft.ts";
import { route } from "../kinds/route.ts";
import { sysctl } from "../kinds/sysctl.ts";
import { diff } from "../reconcile/diff.ts";

/** Sessions first, then machines, one at a time: all that each holds before and after is looked at, which takes seconds for a thousand. */
export function* fabricDifference(old: DataCenter, next: DataCenter): Generator<undefined, Difference> {
  const difference = [...(yield* sessionDifference(old, next))];
  for (const machine of machinesOf(old, next)) {
    yield;
    difference.push(...machineDifference(old, next, machine));
  }
  return difference;
}

function* sessionDifference(old: DataCenter, next: DataCenter): Generator<undefined, Difference> {
  const [before, after] = [yield* sessionsByName(old), yield* sessionsByName(next)];
  return bothNames(before, after).flatMap((name) => changed({ object: "session", name }, before.get(name), after.get(name)));
}

/** One for each family towards a provider: the addresses' family is part of the name. */
function* sessionsByName(dc: DataCenter): Generator<undefined, ReadonlyMap<string, object>> {
  const named = (session: Session) =>
    `${session.near.name} – ${session.far.name} (${session.protocol}${session.kind === "customer" ? ` IPv${session.carries.join(", IPv")}` : ""})`;
  const sessions = new Map<string, object>();
  for (const session of sessionsOf(dc)) {
    yield;
    const { near, far, ...rest } = session;
    const ends = { near: `${near.ip} AS ${near.asn}`, far: `${far.ip} AS ${far.asn}` };
    const again = segmentWith(dc, near.ip)?.number === 2 ? " on the second segment" : "";
    sessions.set(`${named(session)}${again}`, { ...rest, ...ends, ...tellsOf(dc, session) });
  }
  return sessions;
}

interface Named {
  readonly role: Role;
  readonly name: string;
  readonly before: boolean;
  readonly after: boolean;
}

/** Those of either, each with its part. */
function machinesOf(old: DataCenter, next: DataCenter): readonly Named[] {
  return MACHINES.flatMap(([role, machines]) => {
    const [before, after] = [new Set(machines(old).map(({ name }) => name)), new Set(machines(next).map(({ name }) => name))];
    return bothNames(before, after).map((name) => ({ role, name, before: before.has(name), after: after.has(name) }));
  });
}

function machineDifference(old: DataCenter, next: DataCenter, { role, name, before, after }: Named): Difference {
  const details = heldOtherwise(before ? held(old, role, name) : NOTHING, after ? held(next, role, name) : NOTHING);
  if (details.length === 0) return [];
  return [{ object: role, name, action: !before ? "create" : after ? "change" : "delete", details }];
}

const MACHINES: readonly (readonly [Role, (dc: DataCenter) => readonly Machine[]])[] = [
  ["reflector", ({ reflectors }) => reflectors],
  ["tor", torsOf],
  ["gateway", ({ gateways }) => gateways],
  ["compute", ({ hosts }) => hosts],
];

/** Without VMs: what there is of them does not follow from the file. */
function held(datacenter: DataCenter, role: Role, host: string): Intent {
  return compile({ ...NO_VMS, datacenter }, { role, host });
}

const NO_VMS: Omit<View, "datacenter"> = {
  endpoints: new Map(),
  subnets: new Map(),
  groups: new Map(),
  members: new Map(),
  prefixes: new Map(),
  assignments: new Map(),
};

/** By kind: what is made, what is another, what goes. */
function heldOtherwise(old: Intent, next: Intent): readonly Detail[] {
  return [
    ...ofKind(link, old.links, next.links),
    ...ofKind(sysctl, old.sysctls, next.sysctls),
    ...ofKind(nft, old.nft, next.nft),
    ...ofKind(file, old.files, next.files),
    ...ofKind(daemon, old.daemons, next.daemons),
    ...ofKind(route, old.routes, next.routes),
  ];
}

function ofKind<V>(kind: Kind<V>, old: readonly Wanted<V>[], next: readonly Wanted<V>[]): readonly Detail[] {
  const values = (wanted: readonly Wanted<V>[]) => wanted.map(({ value }) => value);
  const changes = diff(kind, values(next), values(old), { prune: true });
  const keys = (op: "create" | "replace" | "delete") =>
    changes.filter((one) => one.op === op).map(({ ref }) => ref.slice(kind.name.length + 1));
  const lists = {
    [`new ${kind.name}`]: keys("create"),
    [`changed ${kind.name}`]: keys("replace"),
    [`no more ${kind.name}`]: keys("delete"),
  };
  return detailsOf(undefined, Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0)));
}

function bothNames(
  before: Iterable<string> | ReadonlyMap<string, unknown>,
  after: Iterable<string> | ReadonlyMap<string, unknown>,
): string[] {
  const names = (from: typeof before) => (from instanceof Map ? [...from.keys()] : [...(from as Iterable<string>)]);
  return [...new Set([...names(before), ...names(after)])];
}
