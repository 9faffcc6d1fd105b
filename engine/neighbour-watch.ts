/**
 * Keeps the BIRD that speaks BGP to what the one that speaks BFD knows, as if they were one: a neighbour that is gone is left at once, with
 * all that it has said. While the process that speaks BFD here is away nobody is judged by it; then BGP's hold time tells.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Neighbourhood } from "#contracts/neighbourhood.ts";
import type { Watched } from "#core/intent/bfd.ts";
import { echoed, heard, upIn } from "#core/liveness/standing.ts";
import type { Standing } from "#core/liveness/standing.ts";

export interface NeighbourWatchParts {
  readonly neighbourhood: Neighbourhood;
  /** Who is to be left when it is gone, as of now. */
  readonly neighbours: () => readonly Watched[];
  readonly clock: Clock;
  readonly log: Log;
}

/** BIRD answers from memory, in a fifth of a millisecond. */
const LOOK_MS = 40;
/** Between two echo requests to one that answers them, and not BFD. */
const ECHO_MS = 250;

/** Watches until the function that it answers is called, which closes the neighbourhood. */
export function watchNeighbours({ neighbourhood, neighbours, clock, log }: NeighbourWatchParts): () => void {
  const standings = new Map<string, Standing>();
  const asked = new Set<string>();
  let [stopped, takeBack] = [false, () => {}];

  const doubt = async (neighbour: Watched) => {
    const key = keyOf(neighbour);
    asked.add(key);
    const answered = await neighbourhood.echo(neighbour);
    const after = echoed(standings.get(key) ?? "unheard", answered);
    // One that cannot be left, as BIRD is away itself, stays in doubt, and is tried again.
    if (after === "gone" && !stopped && (await isLeft(neighbour))) standings.set(key, after);
    clock.after(ECHO_MS, () => void asked.delete(key));
  };
  const isLeft = (neighbour: Watched) => {
    const { name, session } = neighbour;
    log.warn("a neighbour is gone: it answers neither BFD nor an echo request", { neighbour: name, session });
    return neighbourhood.leave(neighbour).then(
      () => true,
      (error: unknown) => (log.warn("its session could not be ended", { session, reason: String(error) }), false),
    );
  };
  const judge = (neighbour: Watched, isUp: boolean) => {
    const key = keyOf(neighbour);
    const before = standings.get(key) ?? "unheard";
    const after = heard(before, isUp);
    standings.set(key, after);
    if (before === "gone" && after === "alive") log.info("a neighbour is back", { neighbour: neighbour.name });
    if (after === "doubted" && !asked.has(key)) void doubt(neighbour);
  };
  const look = async () => {
    const all = neighbours();
    const sessions = all.length === 0 ? undefined : await neighbourhood.bfd();
    if (stopped) return;
    // What was known is of sessions that are no more; their successors are judged once they have been up.
    if (sessions === undefined) standings.clear();
    else {
      const isUp = upIn(sessions);
      for (const neighbour of all) judge(neighbour, isUp(neighbour));
    }
    takeBack = clock.after(sessions === undefined ? ECHO_MS : LOOK_MS, () => void look());
  };
  void look();
  return () => {
    stopped = true;
    takeBack();
    neighbourhood.close();
  };
}

function keyOf({ session, interface: link }: Watched): string {
  return `${session} ${link}`;
}
