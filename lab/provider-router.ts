/** Runs the provider's router: a BIRD that Margay's agents know nothing of. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { must } from "./program.ts";
import { providerBird } from "./provider.ts";
import { startService } from "./service.ts";
import { PROVIDER } from "./topology.ts";

export const PROVIDER_SERVICE = "provider-bird";

export function startProvider(lab: Lab, center: DataCenter): void {
  const home = join(lab.directory, PROVIDER.name);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "bird.conf"), providerBird(center, PROVIDER.outside));
  const argv = ["bird", "-f", "-c", join(home, "bird.conf"), "-s", control(lab)];
  startService(lab, { name: PROVIDER_SERVICE, argv, netns: machineNetns(lab, PROVIDER.name) });
}

/** What its `birdc` answers to one command: `show route all`. */
export async function askProvider(lab: Lab, command: string): Promise<string> {
  return must(["birdc", "-r", "-s", control(lab), ...command.split(" ")], { timeout: 2000 });
}

function control(lab: Lab): string {
  return join(lab.directory, PROVIDER.name, "bird.ctl");
}
