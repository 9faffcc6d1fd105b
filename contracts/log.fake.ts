/** A log that keeps what it is told. */
import type { Fields, Log } from "./log.ts";

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly fields: Fields;
}

export interface FakeLog extends Log {
  readonly lines: readonly LogLine[];
}

export function fakeLog(): FakeLog {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine["level"]) =>
    (event: string, fields: Fields = {}) =>
      void lines.push({ level, event, fields });
  return { lines, info: at("info"), warn: at("warn"), error: at("error") };
}
