/** An API of ours in this process, over a store in memory: asked without a socket, and answered without a wait for the clock. */
import type { Clock } from "#contracts/clock.ts";
import type { Handle } from "#contracts/http.ts";
import type { Identity } from "#contracts/identity.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { Writer } from "#contracts/writer.ts";
import { answer } from "#core/neutron/api.ts";
import { Cloud } from "#core/neutron/cloud.ts";
import type { Fresh } from "#core/neutron/decision.ts";
import type { CloudSettings } from "#core/neutron/settings.ts";
import { api } from "#engine/api.ts";
import { load } from "#engine/present.ts";
import type { Present } from "#engine/present.ts";
import { writer } from "#engine/writer.ts";

/** The time that it always is. */
export const NOW = "2026-11-23T08:00:00Z";

export interface MemoryApi {
  readonly handle: Handle;
  readonly present: Present<Cloud>;
  readonly writer: Writer<Cloud>;
}

export interface MemoryApiParts {
  readonly identify: Identity["identify"];
  /** Ids and chance for one decision, made on that revision; the time is `NOW`. */
  readonly fresh: (revision: number) => Omit<Fresh, "now">;
  readonly settings?: CloudSettings;
}

export async function memoryApi({ identify, fresh, settings }: MemoryApiParts): Promise<MemoryApi> {
  const store = memoryStore();
  const present = await load(store, new Cloud(settings));
  const write = writer({ store, present, fresh: () => ({ now: NOW, ...fresh(present.revision()) }), clock: NEXT_TURN, log: fakeLog() });
  const identity = { identify, challenge: () => "Keystone" };
  const handle = api({ cloud: present.state, writer: write, identity, clock: NEXT_TURN, now: () => NOW, parts: { "v2.0": answer } });
  return { handle, present, writer: write };
}

/** Whatever is to happen later happens on the next turn of the loop. */
const NEXT_TURN: Clock = {
  now: () => 0,
  after: (_, call) => {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  },
};
