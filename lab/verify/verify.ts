/** The guide's promises, checked with real packets in a lab that stands. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import type { Lab } from "../place.ts";
import { judge } from "./claim.ts";
import type { Verdict } from "./claim.ts";
import { betweenClaims, fabricClaims, forgeryClaims } from "./inside-claims.ts";
import { metadataClaims } from "./metadata-claims.ts";
import { inboundClaims, outboundClaims } from "./outside-claims.ts";
import { secondNicVerdicts } from "./second-nic.ts";
import { clearStage, setStage } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { providerClaims, unassignedClaims } from "./table-claims.ts";
import { takeTurn } from "./turn.ts";

/** Claims in flight at once: most of a check is waiting for a packet that must not come. */
const AT_ONCE = 8;

/**
 * Verdicts in the order of the matrix. VMs that are missing are booted, and stay; those that a killed verification left are made
 * anew. Throws while another process verifies this lab.
 */
export async function verify(lab: Lab, center: DataCenter, say: (line: string) => void): Promise<Verdict[]> {
  const turn = takeTurn(lab);
  try {
    if (turn.afterCrash) await clearStage(lab, center, say);
    const stage = await setStage(lab, center, say);
    try {
      return await verdictsOn(stage);
    } finally {
      for (const witness of stage.witnesses.values()) witness.end();
    }
  } finally {
    turn.end();
  }
}

async function verdictsOn(stage: Stage): Promise<Verdict[]> {
  const claims = [
    ...inboundClaims(stage),
    ...outboundClaims(stage),
    ...betweenClaims(stage),
    ...forgeryClaims(stage),
    ...providerClaims(stage),
    ...(await unassignedClaims(stage)),
    ...fabricClaims(stage),
    ...metadataClaims(stage),
  ];
  const first = await judge(claims, AT_ONCE);
  // Last: a VM with a second NIC asks its neighbours there by it.
  return [...first, ...(await secondNicVerdicts(stage))];
}
