/** What the host holds because of a port, kind by kind: together where all is done, one by one where it is not. */
import { kindOf } from "../kinds/kind.ts";
import type { Step } from "./chain.ts";
import type { HostEvidence, ObjectRecord } from "./evidence.ts";

type Told = Extract<HostEvidence, { readonly state: "told" }>;

/** Kinds of which each object is shown: few, and what people look for. */
const SHOWN: ReadonlySet<string> = new Set(["link", "neighbour", "route"]);

export function objectsIn(host: Told, cause: string): Step[] {
  const own = host.objects.filter(({ because }) => because.includes(cause));
  if (own.length === 0)
    return [{ about: "objects", state: "waits", says: "the host holds nothing for this port, and knows of nothing to hold" }];
  return [...Map.groupBy(own, ({ object }) => kindOf(object))].flatMap(([kind, objects]) => kindSteps(kind, objects, host));
}

function kindSteps(kind: string, objects: readonly ObjectRecord[], host: Told): Step[] {
  const done = objects.filter(({ state, wanted }) => state === "done" && wanted);
  const rest = objects.filter((object) => !done.includes(object));
  if (SHOWN.has(kind))
    return [...done.map(({ show }): Step => ({ about: kind, state: "ok", says: show })), ...rest.map((object) => objectStep(object, host))];
  const whole: Step[] = done.length === 0 ? [] : [{ about: kind, state: "ok", says: `${done.length} of ${objects.length} done` }];
  return [
    ...whole,
    ...together(
      kind,
      rest.map((object) => objectStep(object, host)),
    ),
  ];
}

/** What waits for the same is one line. */
function together(kind: string, steps: readonly Step[]): Step[] {
  const groups = Map.groupBy(steps, ({ state, says }) => `${state} ${says}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined || group.length === 1 ? group : [{ ...first, about: `${kind}, ${group.length} of them` }];
  });
}

function objectStep({ object, state, reason, waits_for, wanted }: ObjectRecord, host: Told): Step {
  const about = wanted ? object : `${object}, to go`;
  if (state === "failed") return { about, state: "failed", says: reason ?? "failed" };
  if (waits_for === undefined) return { about, state: state === "done" ? "ok" : "waits", says: state };
  const waits = waitsOf(waits_for, host);
  const says = waits_for === object ? "not there: it is Nova's to make" : `waits for ${waits.join(", which waits for ")}`;
  return { about, state: rootOf(host, object)?.state === "failed" ? "failed" : "waits", says, waits_for: waits };
}

/** From what is waited for next to the root; an object that failed says why. */
function waitsOf(first: string, { objects }: Told): string[] {
  const [known, seen] = [new Map(objects.map((one) => [one.object, one])), new Set<string>()];
  const waits: string[] = [];
  for (let at: string | undefined = first; at !== undefined && !seen.has(at); at = known.get(at)?.waits_for) {
    seen.add(at);
    const reason = known.get(at)?.reason;
    waits.push(reason === undefined ? at : `${at} (failed: ${reason})`);
  }
  return waits;
}

/** Where the waits of an object end: at itself, at what it waits for, or at what that waits for. */
export function rootOf({ objects }: Told, object: string): ObjectRecord | undefined {
  const [known, seen] = [new Map(objects.map((one) => [one.object, one])), new Set<string>()];
  let at = known.get(object);
  while (at?.waits_for !== undefined && !seen.has(at.object)) {
    seen.add(at.object);
    at = known.get(at.waits_for) ?? at;
  }
  return at;
}
