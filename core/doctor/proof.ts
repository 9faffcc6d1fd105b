/** What of the plan is proven by exhaustive search over the policies of all routers (core/router/proof), as a look into the file. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { torsOf } from "../datacenter/racks.ts";
import { perValue } from "../intent/memo.ts";
import { routerConfigOf } from "../router/derive.ts";
import { platformFor } from "../router/platforms.ts";
import type { Claim } from "../router/proof/claim.ts";
import { prove } from "../router/proof/prove.ts";
import { ofFileOr, wrong } from "./check.ts";
import type { Judgement, Look } from "./check.ts";
import { silent, told } from "./facts.ts";
import type { Known } from "./facts.ts";
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
  return ofFileOr((center) => {
    const strange = torsOf(center).find(({ name }) => routerConfigOf(center, name) === undefined);
    return strange === undefined
      ? judgedBy(claimsOf(center), about)
      : silent(`the proof does not know of ${strange.name}, a top-of-rack router`);
  });
}

/** Undefined: nothing of the kind is claimed. Of a configuration that was not understood whole, nothing is known. */
export function judgedBy(claims: readonly Claim[], about: readonly Claim["about"][]): Known<Judgement> {
  const own = claims.filter((claim) => about.includes(claim.about));
  if (own.length === 0) return told(undefined);
  const strange = claims.find((claim) => claim.about === "read" && claim.verdict === "not proven");
  if (strange !== undefined) return silent(`the proof does not understand the configuration of ${strange.where}`);
  const open = own.filter(({ verdict }) => verdict === "not proven");
  return told({
    seen: `proven over all prefixes: ${many(own.length, "claim")} (margay prove)`,
    findings: open.map(({ where, claim, against }) => wrong(`${where}: not proven: ${claim}: ${against.join("; ")}`)),
  });
}
