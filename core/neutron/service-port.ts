/**
 * Ports that the server makes for devices of its own: the address of a floating IP, the links of a router. They are
 * ports like others, so that an address has one owner, whatever it is for.
 */
import type { Who } from "../policy/who.ts";
import { readCreate } from "../resource/read.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh } from "./decision.ts";
import { createPort } from "./port-decisions.ts";
import type { Wish } from "./port-types.ts";
import { port } from "./port.ts";
import type { Port } from "./port.ts";

export interface ServicePort {
  readonly network_id: string;
  /** Whose it is; empty: nobody's, so that no project sees it. */
  readonly project_id: string;
  /** `network:…` */
  readonly device_owner: string;
  /** Id of what it is for. */
  readonly device_id: string;
  /** No host will ever report it. */
  readonly status: "ACTIVE" | "N/A";
  /** Absent: one address of each family of the network. */
  readonly fixed_ips?: readonly Wish[];
}

/** The server asks on its own behalf: whether the client may have it was asked before. */
const SERVER: Who = { user: "", project: "", roles: ["admin"] };

/** Refused as the creation of any port would be: `IpAddressGenerationFailure`, `InvalidIpForNetwork`… */
export function servicePort(cloud: Cloud, { status, ...said }: ServicePort, fresh: Fresh): Result<Port> {
  const input = readCreate(port, said, SERVER);
  if (!input.ok) return input;
  const made = createPort(cloud, input.value, { who: SERVER, fresh });
  return made.ok ? ok({ ...made.value.row, status }) : made;
}
