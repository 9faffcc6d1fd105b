/** The sessions of one machine, as it sees them: which end of each is its own. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { sessionsOf } from "../datacenter/sessions.ts";
import type { Session, Speaker } from "../datacenter/sessions.ts";
import { perValue } from "./memo.ts";

export interface Ends {
  readonly session: Session;
  readonly own: Speaker;
  readonly other: Speaker;
}

export function endsOf(dc: DataCenter, name: string): readonly Ends[] {
  return byName(dc).get(name) ?? [];
}

const byName = perValue((dc: DataCenter) => {
  const ends = sessionsOf(dc).flatMap((session): Ends[] => [
    { session, own: session.near, other: session.far },
    { session, own: session.far, other: session.near },
  ]);
  return Map.groupBy(ends, ({ own }) => own.name);
});
