/** Taking a router off a subnet again: by the subnet, or by the port that it was connected with. */
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { sees } from "./look.ts";
import { portGone } from "./port-removal.ts";
import { subnetNotFound } from "./refusals.ts";
import { acted, namedIn } from "./router-link.ts";
import { interfacesOf, isInterface } from "./router-links.ts";
import * as refusal from "./router-refusals.ts";
import type { Router } from "./router.ts";
import { interfaceNeeded } from "./router-uses.ts";
import { touched, write } from "./rules.ts";
import type { Acted, Acting, Ask } from "./rules.ts";
import { subnetDecisions } from "./subnet-decisions.ts";

/** `remove_router_interface`: the port goes with it, whoever made it. */
export function removeInterface(cloud: Cloud, row: Router, { body, ...ask }: Acting): Result<Acted<Router>> {
  const named = namedIn(body);
  if (!named.ok) return named;
  const { port_id: port, subnet_id: subnet } = named.value;
  return port === undefined ? offSubnet(cloud, row, { id: subnet ?? "", ...ask }) : offPort(cloud, row, { port, subnet, ...ask });
}

interface ByPort extends Ask {
  readonly port: string;
  /** One of those that it is on, if one is named. */
  readonly subnet: string | undefined;
}

function offPort(cloud: Cloud, row: Router, { port: id, subnet: named, ...ask }: ByPort): Result<Acted<Router>> {
  const port = cloud.get("port", id);
  if (port === undefined || port.device_id !== row.id || !isInterface(port)) return refused(refusal.interfaceNotFound(row.id, id));
  const ids = port.fixed_ips.map(({ subnet_id: on }) => on);
  if (named !== undefined && !ids.includes(named)) return refused(refusal.otherSubnet(id, named));
  const needed = ids.map((on) => interfaceNeeded(cloud, row.id, on)).find((wrong) => wrong !== undefined);
  if (needed !== undefined) return refused(needed);
  const subnets = ids.flatMap((on) => cloud.get("subnet", on) ?? []);
  const gone = portGone(cloud, port, ask);
  return gone.ok ? ok(acted(row, { port, subnets }, gone.value)) : gone;
}

function offSubnet(cloud: Cloud, row: Router, { id, ...ask }: Ask & { readonly id: string }): Result<Acted<Router>> {
  const subnet = cloud.get("subnet", id);
  if (subnet === undefined || !sees(subnetDecisions, cloud, { row: subnet, who: ask.who })) return refused(subnetNotFound(id));
  const port = interfacesOf(cloud, row.id).find((each) => each.fixed_ips.some(({ subnet_id: on }) => on === id));
  if (port === undefined) return refused(refusal.notOnSubnet(row.id, id));
  const needed = interfaceNeeded(cloud, row.id, id);
  if (needed !== undefined) return refused(needed);
  const left = port.fixed_ips.filter(({ subnet_id: on }) => on !== id);
  const kept = ok([write("port", port.id, touched({ ...port, fixed_ips: left }, ask.fresh))]);
  const writes = left.length === 0 ? portGone(cloud, port, ask) : kept;
  return writes.ok ? ok(acted(row, { port, subnets: [subnet] }, writes.value)) : writes;
}
