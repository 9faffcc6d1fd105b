/** The kinds of host objects, in the order of the world: the fields of an intent. */
import type { HostDrivers } from "#contracts/driver.ts";
import { address } from "#core/kinds/address.ts";
import { daemon } from "#core/kinds/daemon.ts";
import { file } from "#core/kinds/file.ts";
import { link } from "#core/kinds/link.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import { offload } from "#core/kinds/offload.ts";
import { route } from "#core/kinds/route.ts";
import { sysctl } from "#core/kinds/sysctl.ts";
import { track } from "./track.ts";
import type { Track } from "./track.ts";

export function hostTracks(drivers: HostDrivers): readonly Track[] {
  return [
    track(link, drivers.links, (part) => part.links),
    track(sysctl, drivers.sysctls, (part) => part.sysctls),
    track(nft, drivers.nft, (part) => part.nft),
    track(neighbour, drivers.neighbours, (part) => part.neighbours),
    track(address, drivers.addresses, (part) => part.addresses),
    track(file, drivers.files, (part) => part.files),
    track(daemon, drivers.daemons, (part) => part.daemons),
    track(route, drivers.routes, (part) => part.routes),
    track(offload, drivers.offloads, (part) => part.offloads),
  ];
}
