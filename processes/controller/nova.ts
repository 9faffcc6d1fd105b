/** Telling Nova, where the settings say how. */
import { readFileSync } from "node:fs";
import { novaClient } from "#adapters/nova/nova.ts";
import type { NovaSettings } from "#adapters/nova/settings.ts";
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import type { ControllerSettings } from "#core/settings/controller.ts";
import { novaNotifier } from "#engine/nova-notifier.ts";
import type { NovaNotifier } from "#engine/nova-notifier.ts";
import type { Present } from "#engine/present.ts";
import { keystoneAccess } from "./identity.ts";

export interface NovaParts {
  readonly settings: ControllerSettings;
  readonly present: Present<Cloud>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Undefined: it is not told. Throws when a file that it needs cannot be read. */
export function tellingNova({ settings, present, clock, log }: NovaParts): NovaNotifier | undefined {
  if (settings.nova.how === "off") return undefined;
  return novaNotifier({ present, nova: novaClient(novaSettings(settings), clock), clock, log });
}

function novaSettings({ nova, auth }: ControllerSettings): NovaSettings {
  return {
    ...(nova.how === "keystone" && { keystone: keystoneAccess(auth) }),
    ...(nova.endpoint !== null && { endpoint: nova.endpoint }),
    ...(nova.region !== null && { region: nova.region }),
    interface: nova.interface,
    timeoutMs: nova.timeout_seconds * 1000,
    ...(nova.ca !== null && { ca: readFileSync(nova.ca, "utf8") }),
  };
}
