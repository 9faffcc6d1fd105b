/** What `margay plan` and `margay prove` take for a large data centre, without starting the program. */
import { plan } from "#core/datacenter/plan.ts";
import { platformOf } from "#core/router/platforms.ts";
import type { Platform } from "#core/router/platform.ts";
import { prove as proven } from "#core/router/proof/prove.ts";
import { atMost } from "../figure.ts";
import type { Bench } from "../figure.ts";
import { largeSite } from "./site.ts";

const LIMIT = { limit: 5, unit: "s" } as const;

export const prove: Bench = (say) => {
  const dc = largeSite();
  const planned = seconds(() => plan(dc).sessions.length);
  say(`plan: ${planned.value} sessions in ${planned.taken.toFixed(2)} s`);
  const platforms = ["bird", "frr"].flatMap((name) => platformOf(name) ?? []);
  const figures = platforms.map((platform) => proofOn(platform, say));
  return Promise.resolve([atMost("plan for 1,000 hosts, 40 racks, 4 gateways", planned.taken, LIMIT), ...figures]);
};

/** A data centre of its own each time: what was worked out for one before is not counted for nothing. */
function proofOn(platform: Platform, say: (line: string) => void) {
  const dc = largeSite();
  const { value: claims, taken } = seconds(() => proven(dc, () => platform));
  const open = claims.filter(({ verdict }) => verdict === "not proven");
  say(`prove, routers on ${platform.title}: ${claims.length} claims in ${taken.toFixed(2)} s`);
  if (open.length > 0) throw new Error(`not proven: ${JSON.stringify(open[0])}`);
  return atMost(`the same proven, routers on ${platform.name}`, taken, LIMIT);
}

function seconds<T>(work: () => T): { readonly value: T; readonly taken: number } {
  const begun = performance.now();
  const value = work();
  return { value, taken: (performance.now() - begun) / 1000 };
}
