/** What is common to connecting a router and taking it off: what clients name, and what they are told. */
import { isObject } from "../resource/composites.ts";
import { uuid } from "../resource/scalars.ts";
import { isWrong } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { RowWrite } from "./decision.ts";
import type { Port } from "./port.ts";
import * as refusal from "./router-refusals.ts";
import type { Router } from "./router.ts";
import type { Acted } from "./rules.ts";
import type { Subnet } from "./subnet.ts";

/** What a client names: a subnet, a port, or for removal both. */
export interface Named {
  readonly subnet_id?: string;
  readonly port_id?: string;
}

/** 400 BadRequest where neither is named, or by no id. */
export function namedIn(body: unknown): Result<Named> {
  const said = isObject(body) ? body : {};
  const named: { -readonly [K in keyof Named]: Named[K] } = {};
  for (const name of ["port_id", "subnet_id"] as const) {
    if (said[name] === undefined) continue;
    const read = uuid.read(said[name]);
    if (isWrong(read)) return refused(refusal.notUuid(said[name]));
    named[name] = read.value;
  }
  return Object.keys(named).length === 0 ? refused(refusal.nothingNamed) : ok(named);
}

/** A port that connects a router, and the subnets that it connects with it. */
export interface Connected {
  readonly port: Port;
  readonly subnets: readonly Subnet[];
}

/** A link counts as a change of the router. */
export function acted(row: Router, { port, subnets }: Connected, also: readonly RowWrite[]): Acted<Router> {
  const ids = subnets.map(({ id }) => id);
  const owner = { tenant_id: port.project_id, project_id: port.project_id };
  // One subnet is named apart for clients from before a port could have several.
  const answer = { id: row.id, ...owner, port_id: port.id, network_id: port.network_id, subnet_id: ids.at(-1), subnet_ids: ids };
  return { row, also, counts: true, answer };
}
