/** The hands of an agent: the real ones. */
import { join } from "node:path";
import { linuxAddresses } from "#adapters/linux/addresses.ts";
import { cutFlows } from "#adapters/linux/flows.ts";
import { linuxDaemons } from "#adapters/linux/daemons.ts";
import { linuxFiles } from "#adapters/linux/files.ts";
import { linkMonitor } from "#adapters/linux/link-monitor.ts";
import { linuxLinks } from "#adapters/linux/links.ts";
import { linuxNeighbours } from "#adapters/linux/neighbours.ts";
import { linuxRoutes } from "#adapters/linux/routes.ts";
import { tcpdumpSigns } from "#adapters/linux/signs.ts";
import { linuxSysctls } from "#adapters/linux/sysctls.ts";
import { netlinkFlows } from "#adapters/netlink/flows.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import { nftables } from "#adapters/nft/nftables.ts";
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

/** On the machine, and in the network namespace, that this process runs in. */
export function hostHands(state: string): Hands {
  const { run, close } = shells({ directory: join(state, "run", "shells") });
  const kernel = kernelOf();
  const flows = netlinkFlows(kernel.netfilter);
  // What is bound to a link goes with it, even if it is back before anybody has looked.
  const watch = shared((changed) => linkMonitor({ changed }));
  const drivers = {
    links: { ...linuxLinks(kernel), watch },
    sysctls: linuxSysctls(),
    nft: nftables({ ...kernel, run }),
    neighbours: { ...linuxNeighbours(kernel), watch },
    addresses: { ...linuxAddresses(kernel), watch },
    files: linuxFiles({ state, owned: OWNED }),
    daemons: linuxDaemons({ run, state }),
    routes: { ...linuxRoutes({ ...kernel, cut: cutFlows(flows) }), watch },
  };
  return {
    drivers,
    signs: tcpdumpSigns(),
    flows,
    close: () => {
      close();
      kernel.close();
    },
  };
}

type Watch = (changed: () => void) => () => void;

/** One watch for all who want to know, as long as there are any. */
function shared(watch: Watch): Watch {
  const all = new Set<() => void>();
  let end: (() => void) | undefined;
  return (changed) => {
    const one = () => changed();
    all.add(one);
    end ??= watch(() => all.forEach((each) => each()));
    return () => {
      all.delete(one);
      if (all.size > 0) return;
      end?.();
      end = undefined;
    };
  };
}
