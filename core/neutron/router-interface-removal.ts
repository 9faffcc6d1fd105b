/** Taking a router off a subnet again: by the subnet, or by the port that it was connected with. */
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { sees } from "./look.ts";
import { subnetNotFound } from "./refusals.ts";
import { acted, namedIn } from "./router-link.ts";
import { interfacesOf, isInterface } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import type { Router } from "./router.ts";
import { interfaceNeeded } from "./router-uses.ts";
import { removal, touched, write } from "./rules.ts";
import type { Acted, Acting, Ask } from "./rules.ts";
import { subnetDecisions } from "./subnet-decisions.ts";

/** `remove_router_interface`: the port goes with it, whoever made it. */
export function removeInterface(cloud: Cloud, row: Router, { body, ...ask }: Acting): Result<Acted<Router>> {
  const named = namedIn(body);
  if (!named.ok) return named;
  const { port_id: port, subnet_id: subnet } = named.value;
  return port === undefined ? offSubnet(cloud, row, { id: subnet ?? "", ...ask }) : offPort(cloud, row, { port, subnet });
}

function offPort(cloud: Cloud, row: Router, named: { readonly port: string; readonly subnet: string | undefined }): Result<Acted<Router>> {
  const port = cloud.get("port", named.port);
  if (port === undefined || port.device_id !== row.id || !isInterface(port)) return refused(refusal.interfaceNotFound(row.id, named.port));
  const ids = port.fixed_ips.map(({ subnet_id: id }) => id);
  if (named.subnet !== undefined && !ids.includes(named.subnet)) return refused(refusal.otherSubnet(port.id, named.subnet));
  const needed = ids.map((id) => interfaceNeeded(cloud, row.id, id)).find((wrong) => wrong !== undefined);
  if (needed !== undefined) return refused(needed);
  const subnets = ids.flatMap((id) => cloud.get("subnet", id) ?? []);
  return ok(acted(row, { port, subnets }, [removal("port", port.id)]));
}

function offSubnet(cloud: Cloud, row: Router, { id, who, fresh }: Ask & { readonly id: string }): Result<Acted<Router>> {
  const subnet = cloud.get("subnet", id);
  if (subnet === undefined || !sees(subnetDecisions, cloud, { row: subnet, who })) return refused(subnetNotFound(id));
  const port = interfacesOf(cloud, row.id).find((each) => each.fixed_ips.some(({ subnet_id: on }) => on === id));
  if (port === undefined) return refused(refusal.notOnSubnet(row.id, id));
  const needed = interfaceNeeded(cloud, row.id, id);
  if (needed !== undefined) return refused(needed);
  const left = port.fixed_ips.filter(({ subnet_id: on }) => on !== id);
  const kept = write("port", port.id, touched({ ...port, fixed_ips: left }, fresh));
  return ok(acted(row, { port, subnets: [subnet] }, [left.length === 0 ? removal("port", port.id) : kept]));
}
