/** A Nova that knows some instances, keeps what it is told, and can be away. */
import type { NovaEvent } from "#core/neutron/nova-events.ts";
import type { Nova, Told } from "./nova.ts";

export interface NovaWorld {
  /** By instance: does it have a host yet? */
  readonly instances: Map<string, "hosted" | "unhosted">;
  /** `away`: nobody listens; `broken`: it answers with an error of its own; `refusing`: it takes no such request. */
  state: "there" | "away" | "broken" | "refusing";
  /** Requests that it has heard. */
  readonly heard: (readonly NovaEvent[])[];
}

export interface FakeNova extends Nova {
  readonly world: NovaWorld;
}

export function novaWorld(instances: Iterable<string> = []): NovaWorld {
  return { instances: new Map([...instances].map((id) => [id, "hosted"])), state: "there", heard: [] };
}

export function fakeNova(world: NovaWorld = novaWorld()): FakeNova {
  return {
    world,
    tell: async (events): Promise<Told> => {
      if (world.state === "away") return { heard: false, reason: "connect ECONNREFUSED", again: true };
      if (world.state === "broken") return { heard: false, reason: "Nova answers 503 Service Unavailable", again: true };
      if (world.state === "refusing") return { heard: false, reason: "Nova answers 400 Bad Request", again: false };
      world.heard.push(events);
      return { heard: true, codes: events.map((event) => codeOf(world, event)) };
    },
  };
}

export function codeOf({ instances }: NovaWorld, { server_uuid: server }: NovaEvent): number {
  const instance = instances.get(server);
  if (instance === undefined) return 404;
  return instance === "hosted" ? 200 : 422;
}
