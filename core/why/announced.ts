/** What a machine's BIRD knows of an address. */
import type { Step } from "./chain.ts";
import type { BirdEvidence, BirdRoute } from "./evidence.ts";

/** BIRD's protocols that read the machine's own kernel. */
const KERNEL = /^kernel\d$/;

/** `served`: nobody needs to know an address that leads to no port. */
export function announcedIn(bird: BirdEvidence, prefixes: readonly string[], served: "served" | "nobody's"): Step[] {
  const about = bird.machine;
  if (bird.silent !== undefined) return [{ about, state: "unknown", says: `BIRD does not answer: ${bird.silent}` }];
  const down = bird.sessions.filter(({ established }) => !established).map(({ name }) => name);
  const broken: Step[] =
    down.length === 0 ? [] : [{ about, state: "failed", says: `no session with ${down.join(", ")} (margay doctor --only R says why)` }];
  const steps = prefixes.map((prefix) => routeStep(bird, prefix));
  return [...broken, ...(served === "served" ? steps : steps.map((step): Step => ({ ...step, state: "note" })))];
}

function routeStep({ machine, role, sessions, routes }: BirdEvidence, prefix: string): Step {
  const known = routes[prefix] ?? [];
  const about = `${machine} ${prefix}`;
  const own = known.find(({ from }) => KERNEL.test(from));
  if (role === "compute" && own !== undefined) {
    const heard = sessions.filter(({ established }) => established).map(({ name }) => name);
    if (heard.length === 0) return { about, state: "failed", says: `learned from ${own.to}, but there is nobody to announce it to` };
    return { about, state: "ok", says: `announced to ${heard.join(", ")}: ${own.to}` };
  }
  const best = known.find(({ best: taken }) => taken);
  if (best === undefined)
    return { about, state: "failed", says: known.length === 0 ? "not known" : `known, but not used: ${textOf(known)}` };
  if (role === "compute") return { about, state: "failed", says: `not announced from here; known ${textOf([best])}` };
  return { about, state: "ok", says: textOf([best]) };
}

function textOf(routes: readonly BirdRoute[]): string {
  return routes.map(({ from, to }) => `${to} (${from})`).join("; ");
}
