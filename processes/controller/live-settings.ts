/** The settings of a running controller: what its file said when it was last read, and right. */
import type { Log } from "#contracts/log.ts";
import type { CloudSettings } from "#core/neutron/settings.ts";
import { CONTROLLER } from "#core/settings/controller.ts";
import type { ControllerSettings } from "#core/settings/controller.ts";
import { rereading } from "../rereading.ts";
import type { Reading } from "../rereading.ts";
import type { Read } from "./settings.ts";

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
export function liveSettings(read: () => Reading<Read>, first: Read, log: Log): LiveSettings {
  warn(first, log);
  const live = rereading(CONTROLLER, { read, first, log });
  live.listen((value) => warn(value, log));
  return {
    now: () => live.now().settings,
    cloud: liveCloud(live.now),
    reread: live.reread,
    listen: (changed) => live.listen(({ settings }) => changed(settings)),
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
