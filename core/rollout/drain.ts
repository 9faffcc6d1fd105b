/**
 * Taking a gateway out of service, and back: everybody is told to prefer the others. Where it translates, they first learn to send on to
 * it what belongs to its flows, and unlearn it last (core/intent/relay.ts): a change in two stages, as of the data centre's.
 */
import type { Applied } from "../datacenter/applied.ts";
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import { torsOf } from "../datacenter/racks.ts";
import type { Said } from "../feed/item.ts";
import { mayRelay } from "../intent/relay.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { later } from "../neutron/decision.ts";
import type { Decision, Fresh, RowWrite } from "../neutron/decision.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { isUnderWay, PATIENCE } from "./rollout.ts";
import type { Rollout } from "./rollout.ts";
import { amissBefore } from "./standing.ts";

export interface Drain {
  readonly gateway: string;
  readonly drained: boolean;
  /** At once, and also where no other gateway is left: then all that it does is make this one the last resort. */
  readonly force: boolean;
  readonly project: string;
  readonly said: Said;
}

export function decideDrain(cloud: Cloud, drain: Drain, fresh: Fresh): Result<Decision<Gateway>> {
  const { gateway: name, drained, force } = drain;
  const row = cloud.get("datacenter", "this");
  const gateway = row?.gateways.find((each) => each.name === name);
  if (row === undefined || gateway === undefined) return refused(unknown(name, row));
  if (isUnderWay(cloud.get("rollout", "this"))) return refused(conflict(name, "a change of the data centre is under way"));
  const others = row.gateways.filter((each) => each.name !== name && !each.drained && coversFamiliesOf(each, gateway));
  if (drained && others.length === 0 && !force)
    return refused(conflict(name, "no other gateway is in service that leads outside in the same families; say force if it is meant"));
  const relays = mayRelay(row, gateway);
  const wanted = serving(gateway, drained ? [...(relays ? ["relayed" as const] : []), "drained"] : []);
  if (gateway.drained === wanted.drained) return ok({ writes: [], answer: gateway });
  if (force || !relays) return ok({ writes: [rowWith(row, wanted)], answer: wanted });
  const first = serving(gateway, ["relayed"]);
  return ok({ writes: [rowWith(row, first), { key: "rollout/this", row: stagesTo(row, wanted, { ...drain, fresh }) }], answer: first });
}

type Mark = "drained" | "relayed";

/** The same gateway with exactly these marks. */
function serving(gateway: Gateway, marks: readonly Mark[]): Gateway {
  const { drained: _, relayed: _relayed, ...plain } = gateway;
  return { ...plain, ...(marks.includes("relayed") && { relayed: true }), ...(marks.includes("drained") && { drained: true }) };
}

function rowWith(row: Applied, gateway: Gateway): RowWrite {
  return { key: "datacenter/this", row: withGateway(row, gateway) };
}

function withGateway<D extends DataCenter>(dc: D, gateway: Gateway): D {
  return { ...dc, gateways: dc.gateways.map((each) => (each.name === gateway.name ? gateway : each)) };
}

/** Only gateways are waited for. */
function stagesTo(row: Applied, wanted: Gateway, { project, said, fresh }: Drain & { readonly fresh: Fresh }): Rollout {
  const { made: _, ...dc } = row;
  const others = [...dc.hosts, ...dc.reflectors, ...torsOf(dc)].map(({ name }) => name);
  const { absent, amiss } = amissBefore(dc, dc, said);
  return {
    state: "under way",
    previous: dc,
    stages: [withGateway(dc, wanted)],
    project,
    absent: [...new Set([...absent, ...others])],
    amiss,
    until: later(fresh.now, PATIENCE),
  };
}

/** The gateways, of which exactly those named are drained. */
export function marked(gateways: readonly Gateway[], drained: readonly string[]): readonly Gateway[] {
  return gateways.map((gateway) => {
    const { drained: _, ...rest } = gateway;
    return drained.includes(gateway.name) ? { ...rest, drained: true } : rest;
  });
}

export function drainedOf({ gateways }: Pick<DataCenter, "gateways">): readonly string[] {
  return gateways.filter((gateway) => gateway.drained).map(({ name }) => name);
}

/** As they are marked in another data centre: the file says nothing of it. */
export function markedAs(known: Pick<DataCenter, "gateways">, next: DataCenter): DataCenter {
  const relayed = new Set(known.gateways.flatMap((gateway) => (gateway.relayed ? [gateway.name] : [])));
  const gateways = next.gateways.map((gateway) => (relayed.has(gateway.name) ? { ...gateway, relayed: true as const } : gateway));
  return { ...next, gateways: marked(gateways, drainedOf(known)) };
}

function coversFamiliesOf({ upstream: other }: Gateway, { upstream }: Gateway): boolean {
  return (upstream.ipv4 === undefined || other.ipv4 !== undefined) && (upstream.ipv6 === undefined || other.ipv6 !== undefined);
}

function unknown(name: string, dc: DataCenter | undefined): Refusal {
  const known = dc?.gateways.map((gateway) => gateway.name).join(", ") ?? "";
  return {
    status: 404,
    type: "GatewayNotFound",
    message: `There is no gateway ${name}; there ${known === "" ? "are none" : `is: ${known}`}.`,
  };
}

function conflict(name: string, why: string): Refusal {
  return { status: 409, type: "GatewayConflict", message: `Cannot change whether gateway ${name} is in service: ${why}.` };
}
