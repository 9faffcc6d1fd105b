/**
 * What each connected host has been told, and what separates that from what it is to be told now. Rows that changed say where
 * to look, so that the cost of a commit goes with the hosts that it concerns; what is sent is decided by comparing texts.
 * Members are kept once for all hosts: whoever needs a group's members has been told all of them.
 */
import { messageText } from "#core/feed/wire.ts";
import { membersOf } from "#core/feed/facts.ts";
import type { FeedMessage, Hello, ItemKey, Role } from "#core/feed/item.ts";
import { interestOf, itemOf, keysOf, memberKey, NO_INTEREST } from "#core/feed/slice.ts";
import type { Interest } from "#core/feed/slice.ts";
import type { Touched } from "#core/feed/touch.ts";
import type { Ip } from "#core/net/address.ts";
import type { Cloud } from "#core/neutron/cloud.ts";

/** How members are told: many in one message, or each in one of its own. */
type Manner = "together" | "one by one";

/** One host, as far as it has been told. */
export interface Told {
  readonly host: string;
  readonly role: Role;
  readonly members: Manner;
  interest: Interest;
  /** The message of each item that it holds, but for members. */
  readonly sent: Map<ItemKey, string>;
  state: "new" | "told";
}

export function newcomer({ host, role, members }: Pick<Hello, "host" | "role" | "members">): Told {
  return { host, role, members: members ?? "one by one", interest: NO_INTEREST, sent: new Map(), state: "new" };
}

export interface Telling {
  /**
   * Lines for each host, in order: what it is to be told so that it knows `cloud` as it is now. `hosts` are all that are
   * connected; `touched` is what changed since the last call.
   */
  tell(hosts: Iterable<Told>, cloud: Cloud, touched: Touched): Map<Told, string[]>;
}

export function telling(): Telling {
  const counts: Counts = new Map();
  return {
    tell: (hosts, cloud, touched) => {
      const messages = new Map<Told, string[]>();
      const book = membersBook(cloud, counts, touched.members);
      const put = memo((key: ItemKey) => putOf(cloud, key));
      for (const told of hosts) {
        const before = told.interest;
        const interest = isConcerned(told, touched) ? interestOf(cloud, told.host, told.role) : before;
        const keys = isAnother(told, interest) ? [...told.sent.keys(), ...keysOf(cloud, interest)] : changedKeys(before, interest, touched);
        const items = [...new Set(keys)].flatMap((key) => itemChange(told.sent, key, needs(interest, key) ? put(key) : undefined));
        messages.set(told, [...items, ...book.changes(told.members, before.remotes, interest.remotes)]);
        told.interest = interest;
        told.state = "told";
      }
      book.close();
      return messages;
    },
  };
}

function isConcerned(told: Told, touched: Touched): boolean {
  // Another data centre may be one in which others hear what hosts announce.
  if (told.state === "new" || touched.keys.has("datacenter/this")) return true;
  return touched.hosts.has(told.host) || [...told.interest.groups].some((group) => touched.groups.has(group));
}

/** Is what it is told of another kind of thing than before? Then nothing of it follows from what changed alone. */
function isAnother({ state, interest: before }: Told, after: Interest): boolean {
  return state === "new" || before.assignments !== after.assignments;
}

/** Items that were touched, and groups that came into sight or went out of it; an endpoint that does so was touched itself. */
function* changedKeys(before: Interest, after: Interest, touched: Touched): Generator<ItemKey> {
  yield* touched.keys;
  // What changes an endpoint may change what it announces.
  for (const key of touched.keys)
    if (after.assignments === "all" && key.startsWith(ENDPOINT)) yield assignmentKey(key.slice(ENDPOINT.length));
  for (const id of difference(before.groups, after.groups)) yield `group/${id}`;
  for (const id of difference(before.addressGroups, after.addressGroups)) yield `address_group/${id}`;
}

const ENDPOINT = "endpoint/";

function assignmentKey(port: string): ItemKey {
  return `assignment/${port}`;
}

function difference<T>(these: ReadonlySet<T>, those: ReadonlySet<T>): T[] {
  return [...without(these, those), ...without(those, these)];
}

function without<T>(these: ReadonlySet<T>, those: ReadonlySet<T>): T[] {
  return [...these].filter((one) => !those.has(one));
}

function needs(interest: Interest, key: ItemKey): boolean {
  const slash = key.indexOf("/");
  const [kind, id] = [key.slice(0, slash), key.slice(slash + 1)];
  if (kind === "endpoint") return interest.endpoints.has(id);
  if (kind === "group") return interest.groups.has(id);
  if (kind === "address_group") return interest.addressGroups.has(id);
  if (kind === "assignment") return interest.assignments === "all";
  return kind === "datacenter" || interest.subnets === "all";
}

function putOf(cloud: Cloud, key: ItemKey): string | undefined {
  const value = itemOf(cloud, key);
  return value === undefined ? undefined : messageText({ op: "put", key, value });
}

function itemChange(sent: Map<ItemKey, string>, key: ItemKey, message: string | undefined): string[] {
  if (sent.get(key) === message) return [];
  if (message === undefined) {
    sent.delete(key);
    return [messageText({ op: "gone", key })];
  }
  sent.set(key, message);
  return [message];
}

/** Of each group that some host is told of: how many times its ports have each address. */
type Counts = Map<string, Map<Ip, number>>;

/**
 * The members of groups while one round of telling lasts. `counts` are as of the last round, but for groups that nobody was told of
 * then; they are brought up to date here by what changed, and read from the cloud only when a group comes into sight.
 */
function membersBook(cloud: Cloud, counts: Counts, touched: Touched["members"]) {
  const used = new Set<string>();
  const differences = new Map<string, Texts>();
  for (const [group, changes] of touched) {
    const known = counts.get(group);
    if (known !== undefined) differences.set(group, texts(group, countIn(known, changes)));
  }
  const membersNow = (group: string) => {
    const known = counts.get(group) ?? membersOf(cloud, group);
    counts.set(group, known);
    return known;
  };
  // Each is one text for all hosts that it goes to: a group may have thousands of members.
  const puts = memo((group: string) => texts(group, { put: [...membersNow(group).keys()], gone: [] }));
  const gones = memo((group: string) => texts(group, { put: [], gone: [...membersNow(group).keys(), ...lostIn(touched.get(group))] }));
  const changes = function* (manner: Manner, had: ReadonlySet<string>, has: ReadonlySet<string>): Generator<string> {
    for (const group of had) if (!has.has(group)) yield* gones(group)(manner);
    for (const group of has) {
      used.add(group);
      yield* (had.has(group) ? differences.get(group) : puts(group))?.(manner) ?? [];
    }
  };
  const close = () => {
    for (const group of counts.keys()) if (!used.has(group)) counts.delete(group);
  };
  return { changes, close };
}

/** Who is a member now and was not, and the other way round. */
function countIn(counts: Map<Ip, number>, changes: ReadonlyMap<Ip, number>): Comings {
  const comings: { readonly [K in keyof Comings]: Ip[] } = { put: [], gone: [] };
  for (const [ip, by] of changes) {
    const before = counts.get(ip) ?? 0;
    const now = before + by;
    if (now > 0) counts.set(ip, now);
    else counts.delete(ip);
    if (before === 0 && now > 0) comings.put.push(ip);
    if (before > 0 && now === 0) comings.gone.push(ip);
  }
  return comings;
}

function* lostIn(changes: ReadonlyMap<Ip, number> = new Map()): Generator<Ip> {
  for (const [ip, by] of changes) if (by < 0) yield ip;
}

interface Comings {
  readonly put: readonly Ip[];
  readonly gone: readonly Ip[];
}

/** One text, or none. */
type Texts = (manner: Manner) => readonly string[];

function texts(group: string, comings: Comings): Texts {
  return memo((manner) => {
    const messages = MANNERS[manner](group, comings).map(messageText);
    return messages.length === 0 ? [] : [messages.join("\n")];
  });
}

const MANNERS: Readonly<Record<Manner, (group: string, comings: Comings) => readonly FeedMessage[]>> = {
  together: (group, { put, gone }) => [
    ...(gone.length === 0 ? [] : [{ op: "left", group, ips: gone } as const]),
    ...(put.length === 0 ? [] : [{ op: "joined", group, ips: put } as const]),
  ],
  "one by one": (group, { put, gone }) => [
    ...gone.map((ip) => ({ op: "gone", key: memberKey(group, ip) }) as const),
    ...put.map((ip) => ({ op: "put", key: memberKey(group, ip), value: { group_id: group, ip } }) as const),
  ],
};

function memo<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key) as V;
  };
}
