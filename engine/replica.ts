/**
 * What a host has been told, put together from the messages of the feed. The feed may repeat, skip and restart; only the last
 * state counts. After a restart everything is old until it is heard again, and what was not heard again by `synced` is gone.
 * A view is told at `synced` only: between two of them it would be neither the old nor the new state of the cloud.
 */
import type { FeedMessage, ItemKey, ItemKind, Items, View } from "#core/feed/item.ts";
import { changedMembers, NO_MEMBERS } from "#core/feed/members.ts";
import type { Members } from "#core/feed/members.ts";
import type { Ip } from "#core/net/address.ts";

/** A complete view, and the revision of the cloud that it shows. */
export interface Heard {
  readonly view: View;
  readonly revision: number;
}

export interface Replica {
  /** A stream begins anew. */
  connected(): void;
  message(message: FeedMessage): void;
  /** The last complete view; undefined until there has been one. */
  heard(): Heard | undefined;
}

/** Members are kept by their groups. */
type OtherKind = Exclude<ItemKind, "member">;

/** Values by key, by kind. */
type Kept = { readonly [K in OtherKind]: Map<ItemKey, Items[K]> };

/** `changed` is called with each complete view. */
export function replica(changed: (heard: Heard) => void = () => {}): Replica {
  const kept: Kept = {
    datacenter: new Map(),
    endpoint: new Map(),
    subnet: new Map(),
    group: new Map(),
    address_group: new Map(),
    assignment: new Map(),
  };
  const members = memberships();
  let unheard = new Set<ItemKey>();
  /** The kinds that changed since the last view: only these are put together again. */
  const stale = new Set<OtherKind>();
  let heard: Heard | undefined;

  const kindOf = (key: ItemKey) => key.slice(0, key.indexOf("/")) as OtherKind;
  const mapOf = (key: ItemKey) => {
    stale.add(kindOf(key));
    // A value is of its key's kind: the wire pairs them.
    return kept[kindOf(key)] as Map<ItemKey, Items[OtherKind]>;
  };
  const put = (key: ItemKey, value: Items[OtherKind]) => {
    // After a reconnect everything is told again, and hardly anything is new.
    if (JSON.stringify(kept[kindOf(key)].get(key)) !== JSON.stringify(value)) mapOf(key).set(key, value);
  };
  const synced = (revision: number) => {
    for (const key of unheard) mapOf(key).delete(key);
    unheard.clear();
    heard = { view: viewOf(kept, { stale, members: members.view(), last: heard?.view }), revision };
    stale.clear();
    changed(heard);
  };
  return {
    connected: () => {
      unheard = new Set(Object.values(kept).flatMap((values) => [...values.keys()]));
      members.connected();
    },
    message: (message) => {
      if (message.op === "synced") return synced(message.revision);
      if ("group" in message) return members.say(message.group, message.ips, message.op === "joined");
      if (message.key.startsWith(MEMBER)) return members.say(...memberIn(message.key), message.op === "put");
      unheard.delete(message.key);
      if (message.op === "gone") mapOf(message.key).delete(message.key);
      else put(message.key, message.value as Items[OtherKind]);
    },
    heard: () => heard,
  };
}

const MEMBER = "member/";

/** The key is the controller's own writing: `member/GROUP ADDRESS`. */
function memberIn(key: ItemKey): [group: string, ips: readonly Ip[]] {
  const space = key.indexOf(" ");
  return [key.slice(MEMBER.length, space), [key.slice(space + 1) as Ip]];
}

interface Memberships {
  /** A stream begins anew. */
  connected(): void;
  /** Are these in the group? */
  say(group: string, ips: readonly Ip[], isIn: boolean): void;
  /** With all that was said; the same value as before where that is nothing new, and so for each group. */
  view(): ReadonlyMap<string, Members>;
}

/** Who is in which group. What is said is gathered until a view is asked for. */
function memberships(): Memberships {
  let all: ReadonlyMap<string, Members> = new Map();
  let said = new Map<string, Map<Ip, boolean>>();
  const saidOf = (group: string) => {
    const known = said.get(group) ?? new Map<Ip, boolean>();
    said.set(group, known);
    return known;
  };
  return {
    connected: () => {
      // Nobody is a member until it is said again.
      said = new Map();
      for (const [group, buckets] of all) for (const bucket of buckets.values()) for (const ip of bucket) saidOf(group).set(ip, false);
    },
    say: (group, ips, isIn) => {
      const known = saidOf(group);
      for (const ip of ips) known.set(ip, isIn);
    },
    view: () => {
      const news = [...said].map(([group, changes]) => [group, changedMembers(all.get(group) ?? NO_MEMBERS, changes)] as const);
      const changed = news.filter(([group, now]) => now !== (all.get(group) ?? NO_MEMBERS));
      if (changed.length > 0) all = new Map([...new Map([...all, ...changed])].filter(([, now]) => now.size > 0));
      said = new Map();
      return all;
    },
  };
}

interface Parts {
  readonly stale: ReadonlySet<OtherKind>;
  readonly members: ReadonlyMap<string, Members>;
  readonly last: View | undefined;
}

/** Shares with the last view what has not changed. */
function viewOf(kept: Kept, { stale, members, last }: Parts): View {
  const old = <V>(kind: OtherKind, value: V | undefined): V | undefined => (stale.has(kind) ? undefined : value);
  return {
    datacenter: kept.datacenter.get("datacenter/this"),
    endpoints: old("endpoint", last?.endpoints) ?? byId(kept.endpoint.values(), (it) => it.port_id),
    subnets: old("subnet", last?.subnets) ?? byId(kept.subnet.values(), (it) => it.id),
    groups: old("group", last?.groups) ?? byId(kept.group.values(), (it) => it.id),
    members,
    assignments: old("assignment", last?.assignments) ?? byId(kept.assignment.values(), (it) => it.port_id),
    prefixes: old("address_group", last?.prefixes) ?? new Map([...kept.address_group.values()].map(({ id, prefixes }) => [id, prefixes])),
  };
}

function byId<V>(values: Iterable<V>, id: (value: V) => string): Map<string, V> {
  return new Map([...values].map((value) => [id(value), value]));
}
