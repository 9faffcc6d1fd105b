/** /qos/rule-types: the limits that hosts can hold. */
import type { Asked } from "../policy/policy.ts";
import { ADMIN } from "../policy/rule.ts";
import { ok, refused } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { forbidden, methodNotAllowed, notFound } from "./refusals.ts";
import { bandwidthLimit, packetRateLimit } from "./qos-rule.ts";

/** As policy files know it. What drivers can do is for administrators to know. */
export const GET_RULE_TYPE: Asked = { name: "get_rule_type", rule: ["reader"] };

const TYPES = { bandwidth_limit: bandwidthLimit, packet_rate_limit: packetRateLimit } as const;

/** `request.path` begins with `qos`. */
export function answerRuleTypes(cloud: Cloud, { method, path, who }: ApiRequest): ApiAnswer {
  const [, collection, type, more] = path;
  if (collection !== "rule-types" || more !== undefined) return readAnswer(refused(notFound));
  if (method !== "GET") return readAnswer(refused(methodNotAllowed));
  const asked = type === undefined ? GET_RULE_TYPE : { ...GET_RULE_TYPE, rule: ADMIN };
  if (!cloud.settings.policy.allows(asked, who, { owner: "" })) return readAnswer(refused(forbidden(`rule:${asked.name}`)));
  if (type === undefined) return readAnswer(ok({ status: 200, body: { rule_types: Object.keys(TYPES).map((name) => ({ type: name })) } }));
  const found = Object.entries(TYPES).find(([name]) => name === type);
  if (found === undefined)
    return readAnswer(refused({ status: 404, type: "QosRuleTypeNotFound", message: `QoS rule type ${type} could not be found.` }));
  return readAnswer(
    ok({ status: 200, body: { rule_type: { type, drivers: [{ name: "margay", supported_parameters: parametersOf(found[1]) }] } } }),
  );
}

/** What can be said of a limit, as Neutron tells ranges and choices. */
function parametersOf({ attributes }: (typeof TYPES)[keyof typeof TYPES]): readonly object[] {
  return Object.entries(attributes)
    .filter(([, { write }]) => write !== "never")
    .map(([parameter_name]) =>
      parameter_name === "direction"
        ? { parameter_name, parameter_type: "choices", parameter_values: ["egress", "ingress"] }
        : { parameter_name, parameter_type: "range", parameter_values: { start: 0, end: 2 ** 31 - 1 } },
    );
}
