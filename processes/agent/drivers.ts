/** The hands of an agent: the real ones. */
import { cutFlows } from "#adapters/linux/flows.ts";
import { linuxDaemons } from "#adapters/linux/daemons.ts";
import { linuxFiles } from "#adapters/linux/files.ts";
import { linuxLinks } from "#adapters/linux/links.ts";
import { ipListing } from "#adapters/linux/listing.ts";
import { linuxNeighbours } from "#adapters/linux/neighbours.ts";
import { linuxRoutes } from "#adapters/linux/routes.ts";
import { linuxSysctls } from "#adapters/linux/sysctls.ts";
import { nftables } from "#adapters/nft/nftables.ts";
import { programs } from "#adapters/programs/programs.ts";
import type { HostDrivers } from "#contracts/driver.ts";

/** Directories below the state directory in which only wanted files may lie. */
const OWNED = ["bird", "dnsmasq"];

/** On the machine, and in the network namespace, that this process runs in. */
export function hostDrivers(state: string): HostDrivers {
  const run = programs();
  const [list, cut] = [ipListing(run), cutFlows(run)];
  return {
    links: linuxLinks(run, list),
    sysctls: linuxSysctls(),
    nft: nftables(run, cut),
    neighbours: linuxNeighbours(run, list),
    files: linuxFiles({ state, owned: OWNED }),
    daemons: linuxDaemons({ run, state }),
    routes: linuxRoutes({ run, list, cut }),
  };
}
