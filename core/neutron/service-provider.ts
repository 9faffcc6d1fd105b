/** Service providers: who does what routers do. There is one, and nobody can choose another. */
import { resource } from "../resource/resource.ts";
import { flag, text } from "../resource/scalars.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { answerDerived } from "./derived.ts";

export const serviceProvider = resource({
  name: "service_provider",
  plural: "service_providers",
  note: "What does the work of a kind of service.",
  may: { get: ["reader"] },
  attributes: {
    service_type: { type: text(255), write: "never", filter: true, extension: "service-type", note: "The kind, in Neutron's words." },
    name: { type: text(255), write: "never", filter: true, note: "Who does it." },
    default: { type: flag, write: "never", filter: true, note: "Does it where nobody else is asked for?" },
  },
});

/** `request.path` begins with `service-providers`. */
export function answerServiceProvider(cloud: Cloud, request: ApiRequest): ApiAnswer {
  return answerDerived(serviceProvider, [{ service_type: "L3_ROUTER_NAT", name: "margay", default: true }], { cloud, request });
}
