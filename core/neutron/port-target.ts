/** What policy is asked about a port. */
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import type { Cloud } from "./cloud.ts";
import type { Port } from "./port.ts";
import { targetOn } from "./subnet-decisions.ts";

export function portTarget(cloud: Cloud, row: Port, who: Who): Target {
  const on = cloud.get("network", row.network_id);
  return { ...targetOn(cloud, { on, owner: row.project_id }, who), deviceOwner: row.device_owner };
}
