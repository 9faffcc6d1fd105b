/** Permanent neighbours, told from others' by their protocol number. */
import type { Driver } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import { neighbourGoneLine, neighbourLine, readNeighbours } from "#core/kinds/neighbour-text.ts";
import type { Neighbour } from "#core/kinds/neighbour.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import { ipBatch } from "./batch.ts";
import type { IpListing } from "./listing.ts";

/** Gone with its link, or never there. */
const GONE = /No such file or directory|Cannot find device/;

export function linuxNeighbours(run: RunProgram, list: IpListing): Driver<Neighbour> {
  return {
    list: async () => readNeighbours(await list(`neigh show nud permanent proto ${MARGAY_PROTOCOL}`)),
    apply: (changes) =>
      ipBatch(
        run,
        changes.map((change) =>
          change.op === "delete" ? { lines: [neighbourGoneLine(change.have)], fine: GONE } : { lines: [neighbourLine(change.want)] },
        ),
      ),
  };
}
