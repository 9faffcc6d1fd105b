/**
 * One pass over a host: what is held otherwise than it is wanted is changed, one outcome per object. On the way up nothing is put on
 * what does not stand; on the way down nothing is pulled from under what remains.
 */
import type { Outcome } from "#contracts/driver.ts";
import type { Part } from "#core/intent/intent.ts";
import type { Ref, Wanted } from "#core/kinds/kind.ts";
import type { Contest } from "#core/intent/contest.ts";
import type { Item, Pending, Survey, Track } from "./track.ts";

/** An object that is wanted, or no longer, and what became of it in this round. */
export interface Entry extends Item {
  /** `keep`: it stood already. `unknown`: its kind could not be listed. `contested`: somebody else has its place. */
  readonly op: Pending["op"] | "keep" | "unknown" | "contested";
  readonly outcome: Outcome;
  /** Of held objects: what they wait for; themselves, when others must make them. */
  readonly waitsFor?: Ref;
  /** Of what stood as it was wanted: how somebody else left it. */
  readonly found?: string;
  /** Of an object that stands for many things: those that came and went. */
  readonly moved?: readonly string[];
}

export interface RoundResult {
  /** Everything but what stood already. */
  readonly news: readonly Entry[];
  /** Everything; worked out when it is asked for, as it is then. */
  readonly entries: readonly Entry[];
  /** API objects that something is wanted because of, as of when it is asked for. */
  readonly causes: ReadonlySet<string>;
  /** Kinds that could not be listed, and why. */
  readonly unknown: readonly { readonly kind: string; readonly reason: string }[];
}

export interface RoundOptions {
  /** Delete what is not wanted: only when everything that is wanted has been heard. */
  readonly prune: boolean;
  /** Is the whole host listed first, or only where there is cause to? */
  readonly look?: "at everything" | "where there is cause";
  /** Objects that failed and are left alone for now, with the reason they failed for. */
  readonly resting?: (item: Item) => string | undefined;
}

interface Site {
  /** What stands as it is wanted. */
  readonly stands: (ref: Ref) => boolean;
  readonly entries: Entry[];
  readonly resting: (item: Item) => string | undefined;
}

/** One kind at work. */
interface Work extends Survey {
  readonly track: Track;
}

/** `tracks` are in the order of the world: what a kind needs comes before it. */
export async function round(
  tracks: readonly Track[],
  parts: readonly Part[],
  { prune, look = "at everything", resting = () => undefined }: RoundOptions,
): Promise<RoundResult> {
  if (look === "at everything") for (const track of tracks) track.mistrust();
  const others = (await Promise.all(tracks.map((track) => track.prepare(parts)))).flat();
  if (others.length > 0) await Promise.all(tracks.map((track) => track.doubt(others)));
  const works = tracks.map((track): Work => ({ track, ...track.survey({ prune }) }));
  const site: Site = { stands: standing(tracks), entries: parts.flatMap(({ contests = [] }) => contests.map(lost)), resting };
  for (const work of works) takeStock(work, site);
  await buildUp(works, site);
  await tearDown(works, site);
  const unknown = works.flatMap(({ track: { kind }, unknown: failure }) =>
    failure === undefined ? [] : [{ kind, reason: failure.reason }],
  );
  return resultOf(tracks, { news: site.entries, unknown });
}

function standing(tracks: readonly Track[]): (ref: Ref) => boolean {
  const byKind = new Map(tracks.map((track) => [track.kind, track]));
  return (ref) => byKind.get(kindOf(ref))?.stands(ref) ?? false;
}

function kindOf(ref: Ref): string {
  return ref.slice(0, ref.indexOf("/"));
}

function resultOf(tracks: readonly Track[], { news, unknown }: Pick<RoundResult, "news" | "unknown">): RoundResult {
  return {
    news,
    unknown,
    get entries() {
      const told = new Set(news.map(({ ref }) => ref));
      return [...news, ...tracks.flatMap((track) => [...track.wanted()].filter(({ ref }) => !told.has(ref)).map(kept))];
    },
    get causes() {
      const causes = new Set<string>();
      for (const track of tracks) for (const cause of track.causes()) causes.add(cause);
      return causes;
    },
  };
}

function kept({ ref, show, because, needs, value }: Item): Entry {
  return { ref, show, because, needs, value, op: "keep", outcome: { state: "done" } };
}

function takeStock({ track, contested, unknown }: Work, { entries }: Site): void {
  for (const item of contested) {
    const reason = `something else is wanted in its place: not ${item.show}`;
    entries.push({ ...kept(item), op: "contested", outcome: { state: "failed", reason } });
  }
  if (unknown === undefined) return;
  const reason = `${track.kind} cannot be listed: ${unknown.reason}`;
  for (const item of track.wanted()) entries.push({ ...kept(item), op: "unknown", outcome: { state: "failed", reason } });
}

function lost({ value, because }: Wanted<Contest>): Entry {
  const { ref, reason } = value;
  return { ref, show: ref, because, needs: [], value: ref, op: "contested", outcome: { state: "failed", reason } };
}

/** Each kind waits for the kinds that its changes need, and for no others: a slow daemon delays nobody who does not ask for it. */
async function buildUp(works: readonly Work[], site: Site): Promise<void> {
  foresee(works, site);
  const settled = new Map<string, Promise<void>>();
  for (const work of works) {
    const ups = upsOf(work);
    const before = new Set(ups.flatMap(({ needs }) => needs.map(kindOf)));
    const waits = [...before].flatMap((kind) => settled.get(kind) ?? []);
    settled.set(
      work.track.kind,
      Promise.all(waits).then(() => raise(work.track, ups, site)),
    );
  }
  await Promise.all(settled.values());
}

function upsOf({ changes }: Work): readonly Pending[] {
  return changes.filter(({ op }) => op !== "delete");
}

/** Not what waits for something that others make: that may be so for long. */
function foresee(works: readonly Work[], { stands, resting }: Site): void {
  const coming = new Set(works.flatMap((work) => upsOf(work).flatMap(({ ref, isFact }) => (isFact ? [] : [ref]))));
  for (const work of works) {
    if (work.track.foresee === undefined) continue;
    const ready = upsOf(work).filter(
      (change) => resting(change) === undefined && change.needs.every((ref) => stands(ref) || coming.has(ref)),
    );
    work.track.foresee(ready);
  }
}

async function raise(track: Track, ups: readonly Pending[], { stands, entries, resting }: Site): Promise<void> {
  // What the same call will make counts as standing: the driver orders its own objects.
  const going = new Map(ups.map((change) => [change.ref, change]));
  const rest = (change: Pending, entry: Pick<Entry, "outcome" | "waitsFor">) => {
    going.delete(change.ref);
    entries.push({ ...change, ...entry });
  };
  const missing = ({ needs }: Pending) => needs.find((ref) => !stands(ref) && !going.has(ref));

  for (const change of ups) {
    const reason = resting(change);
    if (reason !== undefined) rest(change, { outcome: { state: "failed", reason } });
  }
  for (let before = -1; before !== going.size;) {
    before = going.size;
    for (const change of going.values()) {
      const need = missing(change);
      if (need !== undefined) rest(change, { outcome: { state: "held" }, waitsFor: need });
    }
  }
  const asked = [...going.values()];
  const outcomes = asked.length === 0 ? [] : await track.apply(asked);
  going.clear();
  for (const [at, change] of asked.entries()) {
    const outcome = outcomes[at] ?? { state: "failed", reason: "its driver said nothing of it" };
    rest(change, outcome.state === "held" ? { outcome, waitsFor: missing(change) ?? change.ref } : { outcome });
  }
}

/** In reverse, kind after kind. */
async function tearDown(works: readonly Work[], { entries, resting }: Site): Promise<void> {
  const pinned = new Map<Ref, Ref>();
  const pin = (by: Ref, needs: readonly Ref[]) => needs.forEach((ref) => pinned.set(ref, by));
  const undone = new Set(entries.filter(({ outcome }) => outcome.state !== "done").map(({ ref }) => ref));

  for (const { track, changes, unknown } of works.toReversed()) {
    for (const { ref, needs } of unknown?.mayStand ?? []) pin(ref, needs);
    const waiting = changes.filter(({ op, ref }) => op === "replace" && undone.has(ref));
    for (const { ref, retreat, standsOn } of waiting) if (retreat === undefined) pin(ref, standsOn);
    const downs = [...changes.filter(({ op }) => op === "delete"), ...waiting.flatMap(({ retreat }) => retreat ?? [])];
    // What stays for now keeps what it stands on, of its own kind too.
    for (let before = -1; before !== pinned.size;) {
      before = pinned.size;
      for (const change of downs) if (pinned.has(change.ref) || resting(change) !== undefined) pin(change.ref, change.standsOn);
    }
    const asked = downs.filter((change) => resting(change) === undefined && !pinned.has(change.ref));
    const outcomes = asked.length === 0 ? [] : await track.apply(asked);
    const outcomeOf = new Map(asked.map((change, at) => [change, outcomes[at]]));
    for (const change of downs) {
      const entry = downEntry(change, { pinnedBy: pinned.get(change.ref), resting: resting(change), outcome: outcomeOf.get(change) });
      entries.push(entry);
      if (entry.outcome.state !== "done") pin(change.ref, change.standsOn);
    }
  }
}

interface Fate {
  readonly pinnedBy: Ref | undefined;
  readonly resting: string | undefined;
  readonly outcome: Outcome | undefined;
}

function downEntry(change: Pending, { pinnedBy, resting, outcome }: Fate): Entry {
  if (pinnedBy !== undefined) return { ...change, outcome: { state: "held" }, waitsFor: pinnedBy };
  return { ...change, outcome: outcome ?? { state: "failed", reason: resting ?? "its driver said nothing of it" } };
}
