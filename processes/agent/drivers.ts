/** The hands of an agent: the real ones. */
import { join } from "node:path";
import { linuxAddresses } from "#adapters/linux/addresses.ts";
import { cutFlows } from "#adapters/linux/flows.ts";
import { linuxDaemons } from "#adapters/linux/daemons.ts";
import { linkLives } from "#adapters/linux/link-lives.ts";
import { linuxFiles } from "#adapters/linux/files.ts";
import { linuxLinks } from "#adapters/linux/links.ts";
import { linuxNeighbours } from "#adapters/linux/neighbours.ts";
import { offloadedFlows } from "#adapters/linux/offloaded-flows.ts";
import { linuxRoutes } from "#adapters/linux/routes.ts";
import { linuxSysctls } from "#adapters/linux/sysctls.ts";
import { netlinkFlows } from "#adapters/netlink/flows.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import { packetFilter } from "#adapters/nft/nftables.ts";
import { shells } from "#adapters/programs/shells.ts";
import type { HostDrivers } from "#contracts/driver.ts";
import type { Flows } from "#contracts/flows.ts";
import type { SignsOfLife } from "#contracts/signs.ts";

/** Directories below the state directory in which only wanted files may lie. */
const OWNED = ["bird", "dnsmasq"];

export interface Hands {
  readonly drivers: HostDrivers;
  readonly signs: SignsOfLife;
  readonly flows: Flows;
  /** Lets go of what serves the drivers; the host stays as it is. */
  close(): void;
}

/** On the machine, and in the network namespace, that this process runs in. `offloads`: its kernel can offload flows. */
export function hostHands(state: string, offloads: boolean): Hands {
  const { run, close } = shells({ directory: join(state, "run", "shells") });
  const kernel = kernelOf();
  const filter = packetFilter({ ...kernel, run, offloads });
  const flows = offloadedFlows(netlinkFlows(kernel), filter.endOffload);
  const drivers = {
    links: linuxLinks(kernel),
    sysctls: linuxSysctls(kernel),
    nft: filter.nft,
    neighbours: linuxNeighbours(kernel),
    addresses: linuxAddresses(kernel),
    files: linuxFiles({ state, owned: OWNED }),
    daemons: linuxDaemons({ run, state, links: linkLives(kernel) }),
    routes: linuxRoutes({ ...kernel, cut: cutFlows(flows) }),
    offloads: filter.offloads,
  };
  return {
    drivers,
    signs: kernel.watch.signs,
    flows,
    close: () => {
      close();
      kernel.close();
    },
  };
}
