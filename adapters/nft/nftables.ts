/** The tables named `margay`, in the families inet and arp. Other tables are never looked at. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { RunProgram } from "#contracts/program.ts";
import type { Ip } from "#core/net/address.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import { NO_TABLE, readNftTable } from "#core/kinds/nft-json.ts";
import type { NftTable } from "#core/kinds/nft-json.ts";
import { NFT_TABLE } from "#core/kinds/nft-script.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftFamily } from "#core/kinds/nft.ts";
import { refOf } from "#core/kinds/kind.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { CutFlows } from "../linux/flows.ts";
import { wordsOf } from "../programs/programs.ts";
import { transact } from "./transaction.ts";

const FAMILIES: readonly NftFamily[] = ["inet", "arp"];

/**
 * `cut` is called for the addresses of an element (`cuts`) when it was replaced or deleted. What an element cuts is not on the host,
 * so it is remembered from when it was wanted; after a restart, the route of a port that goes cuts the same flows.
 */
export function nftables(run: RunProgram, cut: CutFlows): Driver<Nft> {
  const cuts = new Map<Ref, readonly Ip[]>();
  /** Elements whose flows could not be cut: shown as different, so that they are put again and their flows are cut then. */
  const uncut = new Set<Ref>();
  return {
    list: async (want) => {
      for (const value of want) if (value.object === "element" && value.cuts !== undefined) cuts.set(refOf(nft, value), value.cuts);
      const held = nftHeld(want, await Promise.all(FAMILIES.map((family) => tableOf(run, family))));
      return held.map((value) => (value.object === "element" && uncut.has(refOf(nft, value)) ? { ...value, value: "(its old flows are not cut)" } : value));
    },
    apply: async (changes) => {
      const outcomes = await transact(run, changes);
      const stood = changes.filter((change, at) => change.op !== "create" && outcomes[at]?.state === "done");
      const failed = await cut(stood.flatMap(({ ref }) => cuts.get(ref) ?? []));
      return changes.map((change, at) => afterCut(change, { outcome: outcomes[at] ?? DONE, failed, cuts, uncut }));
    },
  };
}

interface Doings {
  readonly outcome: Outcome;
  readonly failed: ReadonlyMap<Ip, string>;
  readonly cuts: Map<Ref, readonly Ip[]>;
  readonly uncut: Set<Ref>;
}

function afterCut(change: Change<Nft>, { outcome, failed, cuts, uncut }: Doings): Outcome {
  if (outcome.state !== "done" || change.op === "create") return outcome;
  const reason = (cuts.get(change.ref) ?? []).flatMap((ip) => failed.get(ip) ?? [])[0];
  if (change.op === "delete") cuts.delete(change.ref);
  if (reason === undefined || change.op === "delete") uncut.delete(change.ref);
  else uncut.add(change.ref);
  return reason === undefined ? outcome : { state: "failed", reason: `old flows are not cut: ${reason}` };
}

/** A table that is not there holds nothing. */
async function tableOf(run: RunProgram, family: NftFamily): Promise<NftTable> {
  const result = await run(["nft", "-j", "list", "table", family, NFT_TABLE]);
  if (result.code === 0) return readNftTable(JSON.parse(result.stdout), family);
  if (result.stderr.includes("No such file or directory")) return NO_TABLE;
  throw new Error(`nft list table ${family} ${NFT_TABLE}: ${wordsOf(result)}`);
}
