/** The tables named `margay`, in the families inet, ip and arp. Other tables are never looked at. */
import type { Driver } from "#contracts/driver.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import type { Nft } from "#core/kinds/nft.ts";
import type { Offload } from "#core/kinds/offload.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { flowtableDevices, NO_DEVICES } from "./devices.ts";
import { ledger } from "./ledger.ts";
import { nftLibrary } from "./library.ts";
import { movedBy, readBack } from "./read-back.ts";
import type { Moved } from "./read-back.ts";
import { transact } from "./transaction.ts";
import type { NftTools } from "./transaction.ts";

export interface PacketFilterParts extends Pick<Kernel, "watch" | "netfilter" | "netns">, Pick<NftTools, "run"> {
  /** Can this kernel offload flows? Else it is asked nothing about it. */
  readonly offloads?: boolean;
}

/** The tables themselves, and the flowtable's devices. */
export interface PacketFilter {
  readonly nft: Driver<Nft>;
  readonly offloads: Driver<Offload>;
  /** All offloaded flows meet the packet filter with their next packet. Absent where nothing can be offloaded. */
  readonly endOffload?: () => Promise<void>;
}

/** Whatever changes the tables shares one ledger, or each would be news to the other. */
export function packetFilter({ watch, run, netfilter, netns, offloads = false }: PacketFilterParts): PacketFilter {
  const known = ledger({ netfilter, watch: watch.nft, offloads });
  const tools = { run, netfilter, ledger: known, library: nftLibrary(netns) };
  const devices = offloads ? flowtableDevices({ ...tools, watch }) : undefined;
  return { nft: tables(tools), offloads: NO_DEVICES, ...devices };
}

export function nftables(parts: PacketFilterParts): Driver<Nft> {
  return packetFilter(parts).nft;
}

function tables(tools: NftTools): Driver<Nft> {
  const { netfilter, ledger: known } = tools;
  let moved: Moved = new Map();
  return {
    list: async (want) => nftHeld(want, known.tables(want)),
    read: async (values) => readBack(netfilter, values, moved),
    watch: known.watch,
    apply: (changes) => {
      moved = movedBy(changes);
      return transact(tools, changes);
    },
  };
}
