/** Addresses that we put on taps, told from others' by themselves. */
import type { Driver } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import { addressGoneLine, addressLine, readTapAddresses } from "#core/kinds/address-text.ts";
import type { TapAddress } from "#core/kinds/address.ts";
import { ipBatch } from "./batch.ts";
import type { IpListing } from "./listing.ts";

/** Gone with its link, or never there. */
const GONE = /address not found|Cannot assign requested address|Cannot find device/;

export function linuxAddresses(run: RunProgram, list: IpListing): Driver<TapAddress> {
  return {
    list: async () => readTapAddresses(await list("addr show")),
    apply: (changes) =>
      ipBatch(
        run,
        changes.map((change) =>
          change.op === "delete" ? { lines: [addressGoneLine(change.have)], fine: GONE } : { lines: [addressLine(change.want)] },
        ),
      ),
  };
}
