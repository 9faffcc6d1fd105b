/** Margay's own API: which gateways are in service. `GET gateways`, `PUT gateways/NAME`. */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import type { Said } from "../feed/item.ts";
import { readAnswer } from "../neutron/api-types.ts";
import type { ApiAnswer, ApiRequest } from "../neutron/api-types.ts";
import type { Cloud } from "../neutron/cloud.ts";
import { badRequest, forbidden, methodNotAllowed, notFound } from "../neutron/refusals.ts";
import { isObject } from "../resource/composites.ts";
import { ok, refused } from "../result.ts";
import type { Refusal } from "../result.ts";
import { decideDrain } from "./drain.ts";

export interface GatewayStanding {
  readonly name: string;
  /** Its agent is connected. */
  readonly connected: boolean;
  readonly drained: boolean;
  /** The others send on to it what belongs to flows that it translates. */
  readonly relayed: boolean;
  /** BGP sessions that do not stand; null: not known. */
  readonly sessions_down: readonly string[] | null;
  /** Flows that it translates; null: not known. */
  readonly translated_flows: number | null;
}

/** The request's path begins with `gateways`. */
export function answerGateways(cloud: Cloud, request: ApiRequest, said: Said): ApiAnswer {
  const { path, method, who, body } = request;
  const [, gateway, ...more] = path;
  if (more.length > 0) return refuse(notFound);
  if (method !== (gateway === undefined ? "GET" : "PUT")) return refuse(methodNotAllowed);
  if (!cloud.settings.policy.isAdmin(who)) return refuse(forbidden(gateway === undefined ? "rule:get_gateways" : "rule:drain_gateway"));
  if (gateway === undefined) return readAnswer(ok({ status: 200, body: { gateways: standings(cloud.get("datacenter", "this"), said) } }));
  const { drained, force = false } = isObject(body) ? body : {};
  if (typeof drained !== "boolean") return refuse(badRequest("Invalid input for drained. Reason: it is neither true nor false."));
  if (typeof force !== "boolean") return refuse(badRequest("Invalid input for force. Reason: it is neither true nor false."));
  return {
    kind: "write",
    decide: (present, fresh) => {
      const decided = decideDrain(present, { gateway, drained, force, project: who.project, said }, fresh);
      if (!decided.ok) return decided;
      const { writes, answer } = decided.value;
      return ok({ writes, answer: { status: 200, body: { gateway: standingOf(answer, said) } } });
    },
  };
}

function standings(dc: DataCenter | undefined, said: Said): readonly GatewayStanding[] {
  return (dc?.gateways ?? []).map((gateway) => standingOf(gateway, said));
}

function standingOf({ name, drained, relayed }: Gateway, said: Said): GatewayStanding {
  const agent = said(name);
  const sessions = agent?.report?.sessions;
  return {
    name,
    connected: agent !== undefined,
    drained: drained === true,
    relayed: relayed === true,
    sessions_down: sessions?.down ?? null,
    translated_flows: sessions?.translated ?? null,
  };
}

function refuse(refusal: Refusal): ApiAnswer {
  return readAnswer(refused(refusal));
}
