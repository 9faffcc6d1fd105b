/**
 * One pass over a host: list what it holds, subtract it from what is wanted, apply the difference, one outcome per object.
 * On the way up nothing is put on what does not stand; on the way down nothing is pulled from under what remains.
 */
import type { Outcome } from "#contracts/driver.ts";
import type { Intent } from "#core/intent/intent.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Item, Pending, Survey, Track } from "./track.ts";

/** An object that is wanted, or no longer, and what became of it in this round. */
export interface Entry extends Item {
  /** `keep`: it stood already. `unknown`: its kind could not be listed. `contested`: somebody else has its place. */
  readonly op: Pending["op"] | "keep" | "unknown" | "contested";
  readonly outcome: Outcome;
  /** Of held objects: what they wait for; themselves, when others must make them. */
  readonly waitsFor?: Ref;
}

export interface RoundResult {
  readonly entries: readonly Entry[];
  /** Kinds that could not be listed, and why. */
  readonly unknown: readonly { readonly kind: string; readonly reason: string }[];
}

export interface RoundOptions {
  /** Delete what is not wanted: only when everything that is wanted has been heard. */
  readonly prune: boolean;
  /** Objects that failed and are left alone for now, with the reason they failed for. */
  readonly resting?: (item: Item) => string | undefined;
}

interface Site {
  /** What stands as it is wanted. */
  readonly standing: Set<Ref>;
  readonly entries: Entry[];
  readonly resting: (item: Item) => string | undefined;
}

/** `tracks` are in the order of the world: what a kind needs comes before it. */
export async function round(
  tracks: readonly Track[],
  intent: Intent,
  { prune, resting = () => undefined }: RoundOptions,
): Promise<RoundResult> {
  const surveys = await Promise.all(tracks.map((track) => track.survey(intent, { prune })));
  const site: Site = { standing: new Set(), entries: intent.contests.map(lost), resting };
  for (const survey of surveys) takeStock(survey, site);
  await buildUp(surveys, site);
  await tearDown(surveys, site);
  const unknown = surveys.flatMap(({ kind, unknown: failure }) => (failure === undefined ? [] : [{ kind, reason: failure.reason }]));
  return { entries: site.entries, unknown };
}

function takeStock({ kind, wanted, contested, changes, unknown }: Survey, { standing, entries }: Site): void {
  for (const item of contested)
    entries.push({
      ...item,
      op: "contested",
      outcome: { state: "failed", reason: `something else is wanted in its place: not ${item.show}` },
    });
  const changing = new Set(changes.map(({ ref }) => ref));
  for (const item of wanted.values()) {
    if (unknown !== undefined)
      entries.push({ ...item, op: "unknown", outcome: { state: "failed", reason: `${kind} cannot be listed: ${unknown.reason}` } });
    else if (!changing.has(item.ref)) {
      standing.add(item.ref);
      entries.push(kept(item));
    }
  }
}

function lost({ value, because }: Intent["contests"][number]): Entry {
  const { ref, reason } = value;
  return { ref, show: ref, because, needs: [], value: ref, op: "contested", outcome: { state: "failed", reason } };
}

const KEPT = new WeakMap<Item, Entry>();

/** Made once for an item: at rest, thousands of them are the same in each round. */
function kept(item: Item): Entry {
  const known = KEPT.get(item);
  if (known !== undefined) return known;
  const entry: Entry = { ...item, op: "keep", outcome: { state: "done" } };
  KEPT.set(item, entry);
  return entry;
}

/** Each kind waits for the kinds that its changes need, and for no others: a slow daemon delays nobody who does not ask for it. */
async function buildUp(surveys: readonly Survey[], site: Site): Promise<void> {
  const settled = new Map<string, Promise<void>>();
  for (const survey of surveys) {
    const ups = survey.changes.filter(({ op }) => op !== "delete");
    const before = new Set(ups.flatMap(({ needs }) => needs.map((ref) => ref.slice(0, ref.indexOf("/")))));
    const waits = [...before].flatMap((kind) => settled.get(kind) ?? []);
    settled.set(
      survey.kind,
      Promise.all(waits).then(() => raise(survey, ups, site)),
    );
  }
  await Promise.all(settled.values());
}

async function raise(survey: Survey, ups: readonly Pending[], { standing, entries, resting }: Site): Promise<void> {
  // What the same call will make counts as standing: the driver orders its own objects.
  const going = new Map(ups.map((change) => [change.ref, change]));
  const rest = (change: Pending, entry: Pick<Entry, "outcome" | "waitsFor">) => {
    going.delete(change.ref);
    entries.push({ ...change, ...entry });
  };
  const missing = ({ needs }: Pending) => needs.find((ref) => !standing.has(ref) && !going.has(ref));

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
  const outcomes = asked.length === 0 ? [] : await survey.apply(asked);
  going.clear();
  for (const [at, { ref }] of asked.entries()) if (outcomes[at]?.state === "done") standing.add(ref);
  for (const [at, change] of asked.entries()) {
    const outcome = outcomes[at] ?? { state: "failed", reason: "its driver said nothing of it" };
    rest(change, outcome.state === "held" ? { outcome, waitsFor: missing(change) ?? change.ref } : { outcome });
  }
}

/** In reverse, kind after kind. */
async function tearDown(surveys: readonly Survey[], { entries, resting }: Site): Promise<void> {
  const pinned = new Map<Ref, Ref>();
  const pin = (by: Ref, needs: readonly Ref[]) => needs.forEach((ref) => pinned.set(ref, by));
  const undone = new Set(entries.filter(({ outcome }) => outcome.state !== "done").map(({ ref }) => ref));

  for (const { changes, unknown, apply } of surveys.toReversed()) {
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
    const outcomes = asked.length === 0 ? [] : await apply(asked);
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
