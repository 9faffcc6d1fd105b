/**
 * What a host has been told, put together from the messages of the feed. The feed may repeat, skip and restart; only the last
 * state counts. After a restart everything is old until it is heard again, and what was not heard again by `synced` is gone.
 * A view is told at `synced` only: between two of them it would be neither the old nor the new state of the cloud.
 */
import type { FeedMessage, ItemKey, ItemKind, Items, Member, View } from "#core/feed/item.ts";
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

/** Values by key, by kind. */
type Kept = { readonly [K in ItemKind]: Map<ItemKey, Items[K]> };

/** `changed` is called with each complete view. */
export function replica(changed: (heard: Heard) => void = () => {}): Replica {
  const kept: Kept = {
    datacenter: new Map(),
    endpoint: new Map(),
    subnet: new Map(),
    group: new Map(),
    member: new Map(),
    address_group: new Map(),
  };
  let unheard = new Set<ItemKey>();
  /** The kinds that changed since the last view: only these are put together again. */
  const stale = new Set<ItemKind>();
  let heard: Heard | undefined;

  const mapOf = (key: ItemKey) => {
    const kind = kindOf(key);
    stale.add(kind);
    // A value is of its key's kind: the wire pairs them.
    return kept[kind] as Map<ItemKey, Items[ItemKind]>;
  };
  const synced = (revision: number) => {
    for (const key of unheard) mapOf(key).delete(key);
    unheard.clear();
    heard = { view: viewOf(kept, stale, heard?.view), revision };
    stale.clear();
    changed(heard);
  };
  return {
    connected: () => (unheard = new Set(Object.values(kept).flatMap((values) => [...values.keys()]))),
    message: (message) => {
      if (message.op === "synced") return synced(message.revision);
      unheard.delete(message.key);
      if (message.op === "gone") mapOf(message.key).delete(message.key);
      else mapOf(message.key).set(message.key, message.value);
    },
    heard: () => heard,
  };
}

function kindOf(key: ItemKey): ItemKind {
  return key.slice(0, key.indexOf("/")) as ItemKind;
}

/** Shares with the last view what has not changed. */
function viewOf(kept: Kept, stale: ReadonlySet<ItemKind>, last: View | undefined): View {
  const old = <V>(kind: ItemKind, value: V | undefined): V | undefined => (stale.has(kind) ? undefined : value);
  return {
    datacenter: kept.datacenter.get("datacenter/this"),
    endpoints: old("endpoint", last?.endpoints) ?? byId(kept.endpoint.values(), (it) => it.port_id),
    subnets: old("subnet", last?.subnets) ?? byId(kept.subnet.values(), (it) => it.id),
    groups: old("group", last?.groups) ?? byId(kept.group.values(), (it) => it.id),
    members: old("member", last?.members) ?? byGroup(kept.member.values()),
    prefixes: old("address_group", last?.prefixes) ?? new Map([...kept.address_group.values()].map(({ id, prefixes }) => [id, prefixes])),
  };
}

function byId<V>(values: Iterable<V>, id: (value: V) => string): Map<string, V> {
  return new Map([...values].map((value) => [id(value), value]));
}

function byGroup(members: Iterable<Member>): Map<string, Set<Ip>> {
  const groups = new Map<string, Set<Ip>>();
  for (const { group_id, ip } of members) {
    const group = groups.get(group_id);
    if (group === undefined) groups.set(group_id, new Set([ip]));
    else group.add(ip);
  }
  return groups;
}
