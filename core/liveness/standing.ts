/**
 * Is a neighbour gone, or only the process there that speaks BFD? BFD alone cannot tell (RFC 5882: it is as independent of its machine's
 * other processes as that process is), so where it falls silent the machine's kernel is asked by an echo request: it answers whatever has
 * become of its processes. Gone is who answers neither. Who was never heard is not judged: BFD may be blocked on the way, or not yet there.
 */
import type { BfdSession } from "../doctor/bird-facts.ts";
import type { Watched } from "../intent/bfd.ts";

export type Standing =
  | "unheard"
  /** It answers BFD. */
  | "alive"
  /** It did, and does no more; an echo request tells. */
  | "doubted"
  /** It answered neither. Whoever answers BFD again is alive. */
  | "gone";

/** After a look at BFD. */
export function heard(before: Standing, isUp: boolean): Standing {
  if (isUp) return "alive";
  return before === "alive" ? "doubted" : before;
}

/** After an echo request. An answer leaves it in doubt: it is asked again, until BFD is back. */
export function echoed(before: Standing, answered: boolean): Standing {
  return before === "doubted" && !answered ? "gone" : before;
}

/** Of whom does the table of BFD's sessions say that they are there? There may be a thousand, and it is looked at many times a second. */
export function upIn(sessions: readonly BfdSession[]): (neighbour: Pick<Watched, "peer" | "interface">) => boolean {
  const up = new Set(sessions.flatMap(({ ip, interface: link, state }) => (state === "Up" ? [`${ip} ${link}`] : [])));
  return ({ peer, interface: link }) => up.has(`${peer} ${link}`);
}
