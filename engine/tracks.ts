/** The kinds of host objects, in the order of the world: the fields of an intent. */
import type { HostDrivers } from "#contracts/driver.ts";
import { address } from "#core/kinds/address.ts";
import { daemon } from "#core/kinds/daemon.ts";
import { file } from "#core/kinds/file.ts";
import { link } from "#core/kinds/link.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import { route } from "#core/kinds/route.ts";
import { sysctl } from "#core/kinds/sysctl.ts";
import { track } from "./track.ts";
import type { Track } from "./track.ts";

export function hostTracks(drivers: HostDrivers): readonly Track[] {
  return [
    track(link, drivers.links, (intent) => intent.links),
    track(sysctl, drivers.sysctls, (intent) => intent.sysctls),
    track(nft, drivers.nft, (intent) => intent.nft),
    track(neighbour, drivers.neighbours, (intent) => intent.neighbours),
    track(address, drivers.addresses, (intent) => intent.addresses),
    track(file, drivers.files, (intent) => intent.files),
    track(daemon, drivers.daemons, (intent) => intent.daemons),
    track(route, drivers.routes, (intent) => intent.routes),
  ];
}
