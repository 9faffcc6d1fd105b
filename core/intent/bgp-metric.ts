/**
 * Which of several hosts that hold an address has it now. A VM that moves makes the metric of its routes smaller by one, and BGP
 * carries it as local preference within an AS, and between two as what BGP calls the metric (MULTI_EXIT_DISC). So does it with the
 * default route of a gateway that is drained.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import { racksOf } from "../datacenter/racks.ts";
import { UNANNOUNCED_METRIC } from "../kinds/route.ts";
import type { Channel } from "./bgp-channel.ts";
import { block } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { ENDPOINT_METRIC } from "./endpoint.ts";

/**
 * The local preference of an endpoint route is UNANNOUNCED_METRIC less its metric: of two hosts that hold one address, the one with
 * the smaller metric is taken by all. This is the one of an endpoint that never moved.
 */
export const USUAL_PREFERENCE = UNANNOUNCED_METRIC - ENDPOINT_METRIC;

/**
 * Between protocols BIRD goes by their preference. It is that of BGP within the AS, doubled, and one more for own routes: they win
 * over whatever another host says of the same address, unless the VM has moved there since (its local preference is greater).
 */
export const preference = (own: 0 | 1) => `preference = ${200 + own} + 2 * (bgp_local_pref - ${USUAL_PREFERENCE});`;

/** Are there neighbours of another AS on the core segment? */
export function hasNeighbours(dc: DataCenter): boolean {
  return racksOf(dc).some(({ asn }) => asn !== undefined);
}

/** Conditions that are always true, for what they do to a route on its way. */
export const metricHeard = ({ family }: Channel) => `metric_heard${family}()`;
export const metricTold = ({ family }: Channel) => `metric_told${family}()`;

/** The functions behind `metricHeard` and `metricTold`, for whoever has neighbours of another AS. */
export function metricFunctions({ family }: Channel): readonly Line[] {
  return [
    block(`function metric_heard${family}()`, [
      `if defined(bgp_med) && bgp_med <= ${UNANNOUNCED_METRIC} then bgp_local_pref = ${UNANNOUNCED_METRIC} - bgp_med;`,
      "return true;",
    ]),
    block(`function metric_told${family}()`, [
      // Of a route that is told first here nobody has said how much it is preferred.
      `if defined(bgp_local_pref) then bgp_med = ${UNANNOUNCED_METRIC} - bgp_local_pref;`,
      "return true;",
    ]),
  ];
}

/** Always true: what is near wins over what is far, unless the VM has moved there since. */
export const asNear = ({ family }: Channel) => `near${family}()`;
export const asFar = ({ family }: Channel) => `far${family}()`;

/**
 * The functions behind `asNear` and `asFar`, for whoever hears of one address from both sides. They are never taken for equal: traffic
 * for a host of two racks would go back and forth between their routers.
 */
export function distanceFunctions({ family }: Channel): readonly Line[] {
  const moved = `bgp_local_pref > ${USUAL_PREFERENCE}`;
  return [
    block(`function near${family}()`, ["preference = 201;", `if endpoint${family}() && ${moved} then ${preference(1)}`, "return true;"]),
    block(`function far${family}()`, [`if endpoint${family}() && ${moved} then ${preference(0)}`, "return true;"]),
  ];
}
