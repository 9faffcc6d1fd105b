/** The hands of a kind on one host. */
import type { TapAddress } from "#core/kinds/address.ts";
import type { Daemon } from "#core/kinds/daemon.ts";
import type { File } from "#core/kinds/file.ts";
import type { Link } from "#core/kinds/link.ts";
import type { Neighbour } from "#core/kinds/neighbour.ts";
import type { Nft } from "#core/kinds/nft.ts";
import type { Offload } from "#core/kinds/offload.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Sysctl } from "#core/kinds/sysctl.ts";
import type { Change } from "#core/reconcile/diff.ts";

export type Outcome =
  | { readonly state: "done" }
  /** Not to be done by us, or not yet: the object is somebody else's to make. */
  | { readonly state: "held" }
  /** The program's own words. */
  | { readonly state: "failed"; readonly reason: string };

export const DONE: Outcome = { state: "done" };

export interface Driver<V> {
  /**
   * All that the host holds of ours, read from the host itself: a fresh process must give the same answer. `want` limits kinds that
   * only speak of what is wanted. Rejects when it cannot be known: what is left out is taken for gone.
   */
  list(want: readonly V[]): Promise<readonly V[]>;
  /**
   * Those of these objects, by key, that the host holds now, as it holds them: what was just applied is read back by it without listing
   * all. Absent where nothing is cheaper than `list`.
   */
  read?(values: readonly V[]): Promise<readonly V[]>;
  /**
   * These will be asked of `apply` in this round, unless what they need fails: what takes long and changes nothing of ours may begin.
   * Never called while `apply` is under way.
   */
  foresee?(changes: readonly Change<V>[]): void;
  /**
   * One outcome per change, in the same order. A failing change does not keep the others from being done. Where it is known what was
   * wanted of an object that stands, `have` is that very value, with what is never compared; else it is as it was listed or read.
   * Never called while `list` or `read` of the same driver is under way, nor the other way round.
   */
  apply(changes: readonly Change<V>[]): Promise<readonly Outcome[]>;
  /**
   * These objects, which stand and stay as they are, are wanted otherwise than before in what is never compared: what they let through,
   * what they need.
   */
  note?(values: readonly V[]): void;
  /**
   * Calls `changed` whenever somebody else may have changed what `list` tells (a link came or went, a route of ours was taken away, the
   * kernel had more to say than was read), until the returned function is called. Own changes are not told, nor is what was so
   * before. `concerned`: of which objects that holds; absent: of any, known or not. Absent where nobody tells.
   */
  watch?(changed: (concerned?: (value: V) => boolean) => void): () => void;
}

/** A host's hands: a driver for each field of an intent. */
export interface HostDrivers {
  readonly links: Driver<Link>;
  readonly sysctls: Driver<Sysctl>;
  readonly nft: Driver<Nft>;
  readonly neighbours: Driver<Neighbour>;
  readonly addresses: Driver<TapAddress>;
  readonly files: Driver<File>;
  readonly daemons: Driver<Daemon>;
  readonly routes: Driver<Route>;
  readonly offloads: Driver<Offload>;
}
