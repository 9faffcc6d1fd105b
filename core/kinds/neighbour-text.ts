/** Permanent neighbours as iproute2 prints and reads them. */
import { readIp } from "../net/address.ts";
import { readMac } from "../net/mac.ts";
import { records, textAt } from "./json.ts";
import type { Neighbour } from "./neighbour.ts";
import { MARGAY_PROTOCOL } from "./route.ts";

/** Reads `ip -j neigh show nud permanent proto 88`, both families. */
export function readNeighbours(json: unknown): Neighbour[] {
  return records(json, "ip neigh").map((fields) => {
    const [ip, lladdr] = [readIp(textAt(fields, "dst")), readMac(textAt(fields, "lladdr"))];
    if (ip === undefined || lladdr === undefined) throw new Error(`ip neigh printed ${JSON.stringify(fields)}`);
    return { dev: textAt(fields, "dev"), ip, lladdr };
  });
}

/** A line for `ip -batch` that makes the entry stand. */
export function neighbourLine({ ip, dev, lladdr }: Neighbour): string {
  return `neigh replace ${ip} dev ${dev} lladdr ${lladdr} nud permanent protocol ${MARGAY_PROTOCOL}`;
}

export function neighbourGoneLine({ ip, dev }: Neighbour): string {
  return `neigh del ${ip} dev ${dev}`;
}
