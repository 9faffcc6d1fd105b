/**
 * How it stands with the controller, told: at once when it is lost and when it is there again; in between ever more rarely, however
 * often and for whatever reasons it is tried in vain. An agent works without it, but somebody has to know.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";

/** The first reminder comes after this long, each further one after twice as long, up to the longest. */
export const [FIRST_REMINDER_MS, LONGEST_REMINDER_MS] = [60_000, 3_600_000];

export interface ContactParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each change: `connected`, or `not connected since 2026-11-23T08:00:00Z: REASON`. */
  readonly state: (text: string) => void;
}

export interface Contact {
  /** The controller has said something. A connection that says nothing is none: whoever is not let in has one, too. */
  heard(): void;
  lost(reason: string): void;
  isThere(): boolean;
  stop(): void;
}

/** From its start on an agent is without a controller. */
export function contact({ clock, log, state }: ContactParts): Contact {
  let away: { readonly since: number; reason: string | undefined } | undefined = { since: clock.now(), reason: undefined };
  let takeBack = () => {};

  const remind = (after: number) => {
    takeBack = clock.after(after, () => {
      if (away !== undefined) log.warn("still not connected", { since: timeOf(away.since), reason: away.reason });
      remind(Math.min(2 * after, LONGEST_REMINDER_MS));
    });
  };
  return {
    heard: () => {
      if (away === undefined) return;
      takeBack();
      log.info("connected", { after_seconds: Math.round((clock.now() - away.since) / 1000) });
      away = undefined;
      state("connected");
    },
    lost: (reason) => {
      const told = away?.reason;
      away ??= { since: clock.now(), reason };
      away.reason = reason;
      state(`not connected since ${timeOf(away.since)}: ${reason}`);
      if (told !== undefined) return;
      log.warn("not connected", { reason });
      remind(FIRST_REMINDER_MS);
    },
    isThere: () => away === undefined,
    stop: () => takeBack(),
  };
}

/** RFC 3339, UTC, whole seconds. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
