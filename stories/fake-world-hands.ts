/** An agent's hands on a fake host: they watch what it may not do, and can fail it or let it die at its work. */
import type { Driver, HostDrivers } from "#contracts/driver.ts";
import type { FakeHost } from "#contracts/driver.fake.ts";
import type { Change } from "#core/reconcile/diff.ts";
import { never } from "./fake-world-time.ts";
import type { Life } from "./fake-world-time.ts";

/** What one host's agents have to suffer, one life after the other. */
export interface Ordeal {
  /** So many times every change of this kind fails before it succeeds; a listing, once. */
  readonly failures: (kind: string) => number;
  /** Whenever it is about to make several changes that it has not been killed at yet, it is killed half-way. */
  readonly diesAtWork: boolean;
  /** What has failed, or killed, already. */
  readonly had: Set<string>;
}

export interface Hands {
  readonly host: FakeHost;
  readonly life: Life;
  readonly ordeal: Ordeal;
  /** Has this life of the agent heard everything yet? */
  readonly heardAll: () => boolean;
  /** Told what an agent must never do. */
  readonly accuse: (what: string) => void;
  /** The agent is killed. */
  readonly die: () => void;
}

export function handsOf(hands: Hands): HostDrivers {
  const { links, sysctls, nft, neighbours, addresses, files, daemons, routes, offloads } = hands.host.drivers;
  return {
    links: watched("link", links, hands),
    sysctls: watched("sysctl", sysctls, hands),
    nft: watched("nft", nft, hands),
    neighbours: watched("neighbour", neighbours, hands),
    addresses: watched("address", addresses, hands),
    files: watched("file", files, hands),
    daemons: watched("daemon", daemons, hands),
    routes: watched("route", routes, hands),
    offloads: watched("offload", offloads, hands),
  };
}

function watched<V>(kind: string, driver: Driver<V>, hands: Hands): Driver<V> {
  const { host, life, ordeal, heardAll, accuse, die } = hands;
  const failures = ordeal.failures(kind);
  const isFirst = (event: string) => !ordeal.had.has(event) && ordeal.had.add(event) !== undefined;
  const { note } = driver;
  return {
    ...(note === undefined ? {} : { note }),
    list: async (want) => {
      if (!life.alive) return never();
      if (failures > 0 && isFirst(`list ${kind}`)) throw new Error(`${kind}: not this time`);
      const held = await driver.list(want);
      return life.alive ? held : never();
    },
    apply: async (changes) => {
      if (!life.alive) return never();
      if (!heardAll())
        changes.filter(({ op }) => op === "delete").forEach((change) => accuse(`${change.ref} was deleted before everything was heard`));
      if (failures > 0) for (const change of changes) if (isFirst(nameOf(change))) host.failApply(change.ref, "not this time", failures);
      const cut = changes.slice(0, Math.ceil(changes.length / 2));
      if (ordeal.diesAtWork && changes.length > 1 && cut.some((change) => isFirst(nameOf(change)))) {
        await driver.apply(cut);
        if (life.alive) die();
        return never();
      }
      const outcomes = await driver.apply(changes);
      return life.alive ? outcomes : never();
    },
  };
}

function nameOf({ op, ref }: Change<unknown>): string {
  return `${op} ${ref}`;
}
