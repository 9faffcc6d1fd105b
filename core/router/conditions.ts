/**
 * What is told only while something else is heard: for platforms that tell what one route-map permits while another finds anything
 * (`advertise-map … exist-map …`: FRR, VyOS, IOS-XE).
 */
import type { Policy } from "./policy.ts";
import type { RouterConfig } from "./router-config.ts";

/** The name of the policy that finds what has to be heard. */
export function heardName(set: string): string {
  return `HEARD-${set}`;
}

/** The same with those policies among its own. */
export function withConditions(config: RouterConfig): RouterConfig {
  const sets = new Set(config.neighbors.flatMap(({ families }) => families.flatMap(({ whileHeard }) => whileHeard ?? [])));
  return { ...config, policies: [...config.policies, ...[...sets].map(heard)] };
}

function heard(set: string): Policy {
  return { name: heardName(set), otherwise: "reject", terms: [{ name: "heard", when: [{ prefixes: set }], verdict: "accept" }] };
}

/** Seconds between two looks at the condition, where that can be said: the fewest that FRR takes. */
export const LOOK_SECONDS = 5;

/** Does a router need that? */
export function hasConditions({ neighbors }: RouterConfig): boolean {
  return neighbors.some(({ families }) => families.some(({ whileHeard }) => whileHeard !== undefined));
}

/** What is read of it: all that the export policy permits waits for the condition. Else it may be told at any time. */
export function conditionRead(exported: string | undefined, advertised: string | undefined, exists: string | undefined): Heard {
  return exists !== undefined && advertised === exported ? { whileHeard: exists } : {};
}

type Heard = { readonly whileHeard?: string };
