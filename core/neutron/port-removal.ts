/** The end of a port, whoever ends it: the client, or the server for what the port was made for. */
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { releasedBy } from "./floating-ip-links.ts";
import { bindingId, inactiveBindings } from "./port-binding.ts";
import type { Port } from "./port.ts";
import { removal } from "./rules.ts";
import type { Ask } from "./rules.ts";

const OF_SERVICES: ReadonlySet<string> = new Set(["network:dhcp", "network:distributed", "network:floatingip_agent_gateway"]);

/** The network's services made it for themselves: it holds neither its network nor a subnet, and goes with them. */
export function goesWithNetwork({ device_owner: owner }: Pick<Port, "device_owner">): boolean {
  return OF_SERVICES.has(owner);
}

/** What leads to it leads nowhere, and no host expects it. 409 FipAssociated of another project's floating IP. */
export function portGone(cloud: Cloud, port: Port, ask: Ask): Result<readonly RowWrite[]> {
  const released = releasedBy(cloud, port, ask);
  return released.ok ? ok([...released.value, ...bindingsGone(cloud, port.id), removal("port", port.id)]) : released;
}

/** Its bindings besides the ACTIVE one, which is part of the port. */
export function bindingsGone(cloud: Cloud, portId: string): readonly RowWrite[] {
  return inactiveBindings(cloud, portId).map((binding) => removal("port_binding", bindingId(binding)));
}
