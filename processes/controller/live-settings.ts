/** The settings of a running controller: what its file said when it was last read, and right. */
import type { Log } from "#contracts/log.ts";
import type { CloudSettings } from "#core/neutron/settings.ts";
import { CONTROLLER } from "#core/settings/controller.ts";
import type { ControllerSettings } from "#core/settings/controller.ts";
import { settingChanges } from "#core/settings/read.ts";
import type { Read, Reading } from "./settings.ts";

export interface LiveSettings {
  /** Whoever keeps an answer keeps what was said then. */
  now(): ControllerSettings;
  /** What decisions look at: each sees what holds when it is made. */
  readonly cloud: CloudSettings;
  /** Reads the file again. What can be changed at once is; a file with anything wrong in it changes nothing. */
  reread(): void;
  /** Calls after a change. */
  listen(changed: (settings: ControllerSettings) => void): void;
}

/** `first`: as they were read before the process began. */
export function liveSettings(read: () => Reading, first: Read, log: Log): LiveSettings {
  warn(first, log);
  let current = first;
  const listeners: ((settings: ControllerSettings) => void)[] = [];
  return {
    now: () => current.settings,
    cloud: liveCloud(() => current),
    reread: () => {
      const reading = read();
      if (!reading.ok) return log.error("the settings were not taken", { problems: reading.problems });
      const changes = settingChanges(CONTROLLER, current.settings, reading.value.settings);
      const [atOnce, later] = [changes.filter(({ takes }) => takes === "at once"), changes.filter(({ takes }) => takes === "restart")];
      log.info("the settings were read again", { changed: atOnce, after_restart: later });
      warn(reading.value, log);
      current = reading.value;
      for (const changed of listeners) changed(current.settings);
    },
    listen: (changed) => void listeners.push(changed),
  };
}

function warn({ warnings }: Read, log: Log): void {
  if (warnings.length > 0) log.warn("some rules of the policy file do nothing", { warnings });
}

function liveCloud(read: () => Read): CloudSettings {
  const now = () => read().settings;
  return {
    get policy() {
      return read().policy;
    },
    get adminIsService() {
      return now().cloud.admin_is_service;
    },
    get overlappingSubnets() {
      return now().cloud.overlapping_subnets;
    },
    get undeclaredSubnets() {
      return now().cloud.undeclared_subnets;
    },
    get deadNextHops() {
      return now().cloud.dead_next_hops;
    },
    get quarantineSeconds() {
      return now().cloud.quarantine_seconds;
    },
    get longestList() {
      return now().limits.list_objects;
    },
  };
}
