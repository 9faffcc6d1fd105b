/** What is declared of port-NAT besides what it translates (`pnat` of the file), and not every platform can. */
import type { Refused } from "./platform.ts";
import type { Pnat } from "./router-config.ts";

/** Why a platform cannot; absent: it can. */
export interface Reasons {
  readonly ports?: string;
  readonly cone?: string;
}

/** Each that is asked for and cannot be had, with what to put beside it. */
export function refusedOptions(pnat: Pnat | undefined, { ports, cone }: Reasons): readonly Refused[] {
  if (pnat === undefined) return [];
  const own =
    pnat.ports === undefined || ports === undefined ? [] : [{ what: `${pnat.ports} ports of each VM's own`, why: ports, beside: TOLD }];
  const open = pnat.filtering === undefined || cone === undefined ? [] : [{ what: "a full cone", why: cone, beside: ASKED }];
  return [...own, ...open];
}

const TOLD = "`pnat.log: connections`, so that who it was can be looked up; or a Linux gateway (--platform bird or frr)";
const ASKED = "floating IPs for what is to be reached from outside; or a Linux gateway (--platform bird or frr)";
