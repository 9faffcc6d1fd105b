/** The settings of a running process: what its file said when it was last read, and right. */
import type { Log } from "#contracts/log.ts";
import { settingChanges } from "#core/settings/read.ts";
import type { Sections, SettingsOf } from "#core/settings/setting.ts";

/** The settings, and what follows from the files that they name. */
export interface ReadSettings<S extends Sections> {
  readonly settings: SettingsOf<S>;
}

export type Reading<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly problems: readonly string[] };

export interface Rereading<R> {
  /** Whoever keeps an answer keeps what was said then. */
  now(): R;
  /** Reads the file again. What can be changed at once is; a file with anything wrong in it changes nothing. */
  reread(): void;
  /** Calls after each reading, in this order. */
  listen(changed: (value: R) => void): void;
}

/** `first`: as they were read before the process began. */
export function rereading<S extends Sections, R extends ReadSettings<S>>(
  sections: S,
  { read, first, log }: { readonly read: () => Reading<R>; readonly first: R; readonly log: Log },
): Rereading<R> {
  let current = first;
  const listeners: ((value: R) => void)[] = [];
  return {
    now: () => current,
    reread: () => {
      const reading = read();
      if (!reading.ok) return log.error("the settings were not taken", { problems: reading.problems });
      const changes = settingChanges(sections, current.settings, reading.value.settings);
      const [atOnce, later] = [changes.filter(({ takes }) => takes === "at once"), changes.filter(({ takes }) => takes === "restart")];
      log.info("the settings were read again", { changed: atOnce, after_restart: later });
      current = reading.value;
      for (const changed of listeners) changed(current);
    },
    listen: (changed) => void listeners.push(changed),
  };
}
