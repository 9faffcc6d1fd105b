/** What of the plan is proven by exhaustive search over the policies of all routers (core/router/proof), as a look into the file. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { perValue } from "../intent/memo.ts";
import { platformFor } from "../router/platforms.ts";
import type { Claim } from "../router/proof/claim.ts";
import { prove } from "../router/proof/prove.ts";
import { ofFile, wrong } from "./check.ts";
import type { Judged, Look } from "./check.ts";
import { many } from "./places.ts";

/** Searched once, however many checks ask. */
const claimsOf = perValue((center: DataCenter) =>
  prove(center, (router) => {
    const platform = platformFor(center, router);
    if (platform === undefined) throw new Error(`nothing is written for the platform of ${router}`);
    return platform;
  }),
);

/** Claims of these kinds: `exports`, `imports`. */
export function proven(...about: readonly Claim["about"][]): Look {
  return ofFile((center) => judgedBy(claimsOf(center), about));
}

/** Undefined: nothing of the kind is claimed. */
export function judgedBy(claims: readonly Claim[], about: readonly Claim["about"][]): Judged | undefined {
  const own = claims.filter((claim) => about.includes(claim.about));
  if (own.length === 0) return undefined;
  const open = own.filter(({ verdict }) => verdict === "not proven");
  return {
    seen: `proven over all prefixes: ${many(own.length, "claim")} (margay prove)`,
    findings: open.map(({ where, claim, against }) => wrong(`${where}: not proven that it ${claim}: ${against.join("; ")}`)),
  };
}
