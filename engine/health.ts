/**
 * Can this controller do its work? `/healthz`, told to anybody: 200 where the store takes writes and what it commits is
 * heard of here, else 503. What it says names no object and no address.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Handle, HttpAnswer } from "#contracts/http.ts";
import type { Store, StoreProbe } from "#contracts/store.ts";
import { refusalResponse } from "#core/neutron/api-types.ts";
import { methodNotAllowed } from "#core/neutron/refusals.ts";

export const HEALTH_PATH = "/healthz";

/** An answer holds for so long: whoever asks more often costs nothing. */
const FRESH_MS = 1000;
/** So long may a commit be on its way to the readers. */
const LATE_MS = 2000;
/** How often it is looked for meanwhile. */
const LOOK_MS = 20;
/** No key begins with it. */
const NOTHING = "\u{10ffff}";

export interface Health {
  readonly status: "ok" | "failing";
  readonly store: { readonly writable: boolean; readonly reason?: string };
  readonly watch: { readonly alive: boolean };
}

export interface HealthParts {
  readonly store: Pick<Store, "range"> & StoreProbe;
  readonly present: { revision(): number };
  readonly clock: Clock;
}

/** Answers at its path, and leaves the rest to `next`. */
export function healthDoor(parts: HealthParts, next: Handle): Handle {
  let last: { readonly at: number; readonly health: Promise<Health> } | undefined;
  return async (request) => {
    if (request.path !== HEALTH_PATH) return await next(request);
    if (request.method !== "GET") return refusalResponse(methodNotAllowed);
    const now = parts.clock.now();
    if (last === undefined || now - last.at > FRESH_MS) last = { at: now, health: healthOf(parts) };
    return told(await last.health);
  };
}

function told(health: Health): HttpAnswer {
  return { status: health.status === "ok" ? 200 : 503, body: health };
}

async function healthOf(parts: HealthParts): Promise<Health> {
  const store = await writable(parts.store);
  const watch = { alive: await hears(parts) };
  return { status: store.writable && watch.alive ? "ok" : "failing", store, watch };
}

async function writable(store: StoreProbe): Promise<Health["store"]> {
  try {
    await store.tryWrite();
    return { writable: true };
  } catch (error) {
    return { writable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Have the readers what the store has now? */
async function hears({ store, present, clock }: HealthParts): Promise<boolean> {
  try {
    const { revision } = await store.range(NOTHING);
    for (let waited = 0; waited < LATE_MS && present.revision() < revision; waited += LOOK_MS)
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    return present.revision() >= revision;
  } catch {
    return false;
  }
}
