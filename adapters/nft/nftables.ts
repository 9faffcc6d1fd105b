/** The tables named `margay`, in the families inet and arp. Other tables are never looked at. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import type { Ip } from "#core/net/address.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import { NO_TABLE, readNftTable } from "#core/kinds/nft-json.ts";
import type { NftTable } from "#core/kinds/nft-json.ts";
import { NFT_TABLE } from "./script.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftFamily } from "#core/kinds/nft.ts";
import { refOf } from "#core/kinds/kind.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { CutFlows } from "../linux/flows.ts";
import { wordsOf } from "../programs/programs.ts";
import { granted } from "./granted.ts";
import type { Granted } from "./granted.ts";
import { transact } from "./transaction.ts";

const FAMILIES: readonly NftFamily[] = ["inet", "arp"];

/** `cut` is called for the addresses of an element (`cuts`) when it was deleted, or replaced by one that grants less. */
export function nftables(run: RunProgram, cut: CutFlows): Driver<Nft> {
  const grants = granted();
  /** Elements and sets whose flows could not be cut: shown as different, so that they are put again and their flows are cut then. */
  const uncut = new Set<Ref>();
  return {
    list: async (want) => {
      const held = nftHeld(want, await Promise.all(FAMILIES.map((family) => tableOf(run, family)))).map((value) =>
        uncut.has(refOf(nft, value)) ? unlike(value) : value,
      );
      grants.seen(want, held);
      return held;
    },
    apply: async (changes) => {
      const outcomes = await transact(run, changes);
      const lost = changes.map((change, at) => (outcomes[at]?.state === "done" ? grants.lostBy(change) : []));
      const failed = await cut(lost.flat());
      return changes.map((change, at) => afterCut(change, { outcome: outcomes[at] ?? DONE, lost: lost[at] ?? [], failed, grants, uncut }));
    },
  };
}

const NOT_CUT = "(its old flows are not cut)";

/** Other than anything that is wanted. */
function unlike(value: Nft): Nft {
  if (value.object === "chain") return value;
  return value.object === "element" ? { ...value, value: NOT_CUT } : { ...value, elements: [NOT_CUT] };
}

interface Doings {
  readonly outcome: Outcome;
  readonly lost: readonly Ip[];
  readonly failed: ReadonlyMap<Ip, string>;
  readonly grants: Granted;
  readonly uncut: Set<Ref>;
}

function afterCut(change: Change<Nft>, { outcome, lost, failed, grants, uncut }: Doings): Outcome {
  if (outcome.state !== "done") return outcome;
  const reason = lost.flatMap((ip) => failed.get(ip) ?? [])[0];
  if (reason === undefined || change.op === "delete") {
    uncut.delete(change.ref);
    grants.settled(change);
  } else uncut.add(change.ref);
  return reason === undefined ? outcome : { state: "failed", reason: `old flows are not cut: ${reason}` };
}

/** A table that is not there holds nothing. */
async function tableOf(run: RunProgram, family: NftFamily): Promise<NftTable> {
  const result = await run(["nft", "-j", "list", "table", family, NFT_TABLE]);
  if (result.code === 0) return readNftTable(JSON.parse(result.stdout), family);
  if (result.stderr.includes("No such file or directory")) return NO_TABLE;
  throw new Error(`nft list table ${family} ${NFT_TABLE}: ${wordsOf(result)}`);
}
