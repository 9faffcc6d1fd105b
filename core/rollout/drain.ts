/** Taking a gateway out of service, and back: everybody is told to prefer the others, and nothing else changes. */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import type { Cloud } from "../neutron/cloud.ts";
import type { Decision } from "../neutron/decision.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import { isUnderWay } from "./rollout.ts";

export interface Drain {
  readonly gateway: string;
  readonly drained: boolean;
  /** Also where no other gateway is left: then all that it does is make this one the last resort. */
  readonly force: boolean;
}

export function decideDrain(cloud: Cloud, { gateway: name, drained, force }: Drain): Result<Decision<Gateway>> {
  const row = cloud.get("datacenter", "this");
  const gateway = row?.gateways.find((each) => each.name === name);
  if (row === undefined || gateway === undefined) return refused(unknown(name, row));
  if (isUnderWay(cloud.get("rollout", "this"))) return refused(conflict(name, "a change of the data centre is under way"));
  const others = row.gateways.filter((each) => each.name !== name && !each.drained && coversFamiliesOf(each, gateway));
  if (drained && others.length === 0 && !force)
    return refused(conflict(name, "no other gateway is in service that leads outside in the same families; say force if it is meant"));
  const [after] = marked([gateway], drained ? [name] : []);
  const gateways = row.gateways.map((each) => (each.name === name ? (after ?? each) : each));
  const same = gateway.drained === (drained ? true : undefined);
  return ok({ writes: same ? [] : [{ key: "datacenter/this", row: { ...row, gateways } }], answer: after ?? gateway });
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
  return { ...next, gateways: marked(next.gateways, drainedOf(known)) };
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
