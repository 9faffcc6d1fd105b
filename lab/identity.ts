/**
 * Who may use the lab's API by TCP: an administrator with a password of its own, in a `clouds.yaml` with which `openstack`
 * works inside the lab's machines. Its unix socket, and the relay to it, take whoever reaches them for an administrator.
 */
import { join } from "node:path";
import { firstFile } from "#adapters/identity/first-file.ts";
import { readIfThere, writeSecret } from "#adapters/identity/secret-file.ts";
import type { Lab } from "./place.ts";

/** After `--os-cloud`. */
export const CLOUD = "margay";

export function identityFile(lab: Lab): string {
  return join(lab.directory, "identity.yaml");
}

export function cloudsFile(lab: Lab): string {
  return join(lab.directory, "clouds.yaml");
}

/** Writes both where the lab has none yet. `url`: the controller as the lab's machines reach it. */
export async function provideIdentity(lab: Lab, url: string): Promise<void> {
  if (readIfThere(identityFile(lab)) !== undefined) return;
  const first = await firstFile({ cloud: CLOUD, url });
  writeSecret(cloudsFile(lab), first.clouds);
  writeSecret(identityFile(lab), first.identity);
}
