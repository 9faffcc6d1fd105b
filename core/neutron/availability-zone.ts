/**
 * Availability zones: one, wherever there is a host that has VMs. Routing reaches every host alike, so a network or a router is
 * wherever any of its ports may be.
 */
import type { Agent } from "./agent.ts";
import { resource } from "../resource/resource.ts";
import { oneOf, text } from "../resource/scalars.ts";
import type { Refusal } from "../result.ts";
import { isAlive } from "./agent-decisions.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { answerDerived } from "./derived.ts";

/** What it is the zone of. */
const KINDS = ["network", "router"] as const;

export const availabilityZone = resource({
  name: "availability_zone",
  plural: "availability_zones",
  segment: "availability_zones",
  note: "Where networks and routers are served.",
  may: { get: ["reader"] },
  attributes: {
    name: { type: text(255), write: "never", filter: true, extension: "availability_zone", note: "What hints call it." },
    resource: { type: oneOf(...KINDS), write: "never", filter: true, note: "What is served there." },
    state: {
      type: oneOf("available", "unavailable"),
      write: "never",
      filter: true,
      note: "Is there an agent that is alive, and administratively up?",
    },
  },
});

/** The name that Neutron's zone has where nobody chose one, and Nova's too. */
const ZONE = "nova";

/** Only hosts with VMs are in a zone. */
export function zoneOf({ configurations }: Pick<Agent, "configurations">): string | null {
  return configurations["role"] === "compute" ? ZONE : null;
}

/** Names of the zones that networks and routers are in. */
export function zonesOf(cloud: Cloud): readonly string[] {
  for (const agent of cloud.all("agent")) if (zoneOf(agent) !== null) return [ZONE];
  return [];
}

/** The first hint that names no zone. */
export function unknownZone(cloud: Cloud, hints: readonly string[]): Refusal | undefined {
  const zones = hints.length === 0 ? [] : zonesOf(cloud);
  const unknown = hints.find((hint) => !zones.includes(hint));
  if (unknown === undefined) return undefined;
  return { status: 404, type: "AvailabilityZoneNotFound", message: `AvailabilityZone ${unknown} could not be found.` };
}

/** `request.path` begins with `availability_zones`. */
export function answerAvailabilityZone(cloud: Cloud, request: ApiRequest): ApiAnswer {
  const serves = (agent: Agent) => zoneOf(agent) !== null && agent.admin_state_up && isAlive(agent, request.now);
  const state = [...cloud.all("agent")].some(serves) ? "available" : "unavailable";
  const zones = zonesOf(cloud).flatMap((name) => KINDS.map((kind) => ({ name, resource: kind, state })));
  return answerDerived(availabilityZone, zones, { cloud, request });
}
