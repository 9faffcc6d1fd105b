/** Every platform that Margay writes for. A platform is a folder beside this file, and a row here. */
import { bird } from "./bird/bird.ts";
import { eos } from "./eos/eos.ts";
import { frr } from "./frr/frr.ts";
import { iosxe } from "./iosxe/iosxe.ts";
import { junos } from "./junos/junos.ts";
import type { DataCenter } from "../datacenter/data-center.ts";
import { routersIn } from "./peers.ts";
import type { Platform } from "./platform.ts";
import { srlinux } from "./srlinux/srlinux.ts";
import { vyos } from "./vyos/vyos.ts";

export const PLATFORMS: readonly Platform[] = [bird, frr, junos, iosxe, eos, vyos, srlinux];

export function platformOf(name: string): Platform | undefined {
  return PLATFORMS.find((platform) => platform.name === name);
}

/** In whose words the router of that name is configured; undefined for one that is not written yet. */
export function platformFor(dc: DataCenter, router: string): Platform | undefined {
  return platformOf(routersIn(dc).find(({ name }) => name === router)?.platform ?? "bird");
}
