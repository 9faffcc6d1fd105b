/** Ids, chance and time for one decision, from the machine. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "#contracts/clock.ts";
import type { Fresh } from "#core/neutron/decision.ts";

/** RFC 3339, UTC, seconds: as rows and answers tell times. */
export function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
}

export function systemFresh(clock: Clock): Fresh {
  return {
    now: timeOf(clock),
    uuid: () => randomUUID(),
    below: chance,
  };
}

/** Evenly distributed: draws again where a remainder would favour the low numbers. */
function chance(bound: bigint): bigint {
  if (bound <= 0n) throw new Error(`there is no whole number from 0 up to, and not including, ${bound}`);
  const bits = BigInt(bound.toString(2).length);
  const octets = Number((bits + 7n) / 8n);
  while (true) {
    const drawn = BigInt.asUintN(Number(bits), BigInt(`0x${randomBytes(octets).toString("hex")}`));
    if (drawn < bound) return drawn;
  }
}
