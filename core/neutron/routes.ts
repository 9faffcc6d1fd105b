/** Where everything of the API is found: one line per resource, and the few paths that are no resource. */
import { pathOf, segmentOf } from "../resource/resource.ts";
import { addressGroupDecisions } from "./address-group-decisions.ts";
import { addressScopeDecisions } from "./address-scope-decisions.ts";
import { agentDecisions } from "./agent-decisions.ts";
import { answerAvailabilityZone } from "./availability-zone.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import { answerTopology } from "./auto-topology.ts";
import type { Cloud } from "./cloud.ts";
import { answerExtension, answerVersion } from "./discovery.ts";
import { floatingIpDecisions } from "./floating-ip-decisions.ts";
import { answerFloatingIpPools } from "./floating-ip-pools.ts";
import { defaultSecurityGroupRuleDecisions } from "./default-security-group-rule-decisions.ts";
import { answerIpAvailability } from "./ip-availability.ts";
import { declarationOf } from "./look.ts";
import type { AnyRules } from "./look.ts";
import { networkDecisions } from "./network-decisions.ts";
import { portDecisions } from "./port-decisions.ts";
import { portForwardingDecisions } from "./port-forwarding-decisions.ts";
import { bandwidthLimitDecisions, packetRateLimitDecisions, qosPolicyDecisions } from "./qos-decisions.ts";
import { answerRuleTypes } from "./qos-rule-types.ts";
import { answerQuota } from "./quota-api.ts";
import { rbacPolicyDecisions } from "./rbac-policy-decisions.ts";
import { routerDecisions } from "./router-decisions.ts";
import { securityGroupDecisions } from "./security-group-decisions.ts";
import { securityGroupRuleDecisions } from "./security-group-rule-decisions.ts";
import { answerServiceProvider } from "./service-provider.ts";
import { subnetDecisions } from "./subnet-decisions.ts";
import { subnetpoolDecisions } from "./subnetpool-decisions.ts";

const RULES: readonly AnyRules[] = [
  networkDecisions,
  subnetDecisions,
  subnetpoolDecisions,
  addressScopeDecisions,
  portDecisions,
  routerDecisions,
  floatingIpDecisions,
  portForwardingDecisions,
  securityGroupDecisions,
  securityGroupRuleDecisions,
  agentDecisions,
  defaultSecurityGroupRuleDecisions,
  addressGroupDecisions,
  qosPolicyDecisions,
  bandwidthLimitDecisions,
  packetRateLimitDecisions,
  rbacPolicyDecisions,
];

/** By their URL: `networks`, `qos/policies`. */
export const ROUTES: ReadonlyMap<string, AnyRules> = new Map(
  RULES.filter((rules) => declarationOf(rules).under === undefined).flatMap((rules) => {
    const declared = declarationOf(rules);
    // What has a prefix is found without it, too: so Neutron takes the tags of QoS policies.
    return [...new Set([pathOf(declared), segmentOf(declared)])].map((path) => [path, rules] as const);
  }),
);

/** Those that lie below another: `floatingip/port_forwardings`. */
export const NESTED: ReadonlyMap<string, AnyRules> = new Map(
  RULES.flatMap((rules) => {
    const { under, plural } = declarationOf(rules);
    return under === undefined ? [] : [[`${under.resource}/${plural}`, rules]];
  }),
);

/** Answers for everything below one path. */
export type Special = (cloud: Cloud, request: ApiRequest) => ApiAnswer;

export const SPECIAL: ReadonlyMap<string, Special> = new Map<string, Special>([
  ["", answerVersion],
  ["extensions", answerExtension],
  ["quotas", answerQuota],
  ["availability_zones", answerAvailabilityZone],
  ["service-providers", answerServiceProvider],
  ["network-ip-availabilities", answerIpAvailability],
  ["auto-allocated-topology", answerTopology],
  ["floatingip_pools", answerFloatingIpPools],
  ["qos", answerRuleTypes],
]);
