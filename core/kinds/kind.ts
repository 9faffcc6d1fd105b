/**
 * What every sort of host object answers. A kind knows its values; it does not know how to reach the host (that is a
 * driver, in contracts/) nor when (that is engine/). Shared code never asks a kind for its name to decide something:
 * if the loop must know more, every kind answers one more question here.
 */

/** Names one object on one host, across all kinds: `route/10.65.0.5/32`. */
export type Ref = `${string}/${string}`;

export interface Kind<V> {
  readonly name: string;
  /** Two values with one key cannot both be on the host. */
  key(value: V): string;
  /** Would packets and programs fare the same with either? */
  same(want: V, have: V): boolean;
  /** Objects that must be in place before this one, and that leave after it. */
  needs(value: V): readonly Ref[];
  /**
   * Must what stands go even while what is wanted in its place has to wait? Packets would go where nobody wants them any more. Absent:
   * it stays until it is replaced.
   */
  isAstray?(want: V, have: V): boolean;
  /** Is it ours to take away when nobody wants it any more? Of kinds that have this, only what is wanted is looked at. Absent: always. */
  isOurs?(have: V): boolean;
  /** Which of its lives an object is in that may go and come again unseen: whatever needs it is to be looked at again in another one. */
  life?(have: V): number | undefined;
  /** Has what was put there come to its own end, though nobody changed it? Then it is no drift that it is another. */
  hasOutlived?(have: V): boolean;
  /** Of an object that stands for many things, which they are: what becomes of it is told of those that come and go. Absent: of none. */
  pieces?(value: V): readonly string[];
  /** One line for people: logs, stories, `why`. */
  show(value: V): string;
}

/** A value that a host should hold, with the API objects that caused it (`port/8f…`). Causes are never part of sameness. */
export interface Wanted<V> {
  readonly value: V;
  readonly because: readonly string[];
}

/** One line for people that says of what kind it is: `route 10.65.0.5/32 dev tap1 metric 1024`. */
export function lineOf<V>(kind: Kind<V>, value: V): string {
  return `${kind.name} ${kind.show(value)}`;
}

export function refOf<V>(kind: Kind<V>, value: V): Ref {
  return `${kind.name}/${kind.key(value)}`;
}

/** Of a reference, as text: `route`. */
export function kindOf(ref: string): string {
  return ref.slice(0, ref.indexOf("/"));
}
