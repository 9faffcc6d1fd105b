/** One JSON object per line on standard output, by pino: what systemd's journal and every collector take as it is. */
import { pino } from "pino";
import type { DestinationStream } from "pino";
import type { Fields, Log } from "#contracts/log.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface JsonLog extends Log {
  /** Tells nothing less grave from now on. */
  setLevel(level: LogLevel): void;
}

/** `name` says which process speaks: `controller`, `agent`. Errors among the fields show their message and stack. */
export function jsonLog(name: string, destination?: DestinationStream): JsonLog {
  const options = {
    name,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: pino.stdSerializers.err },
    formatters: { level: (level: string) => ({ level }) },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    info: (event: string, fields: Fields = {}) => logger.info(fields, event),
    warn: (event: string, fields: Fields = {}) => logger.warn(fields, event),
    error: (event: string, fields: Fields = {}) => logger.error(fields, event),
    setLevel: (level) => void (logger.level = level),
  };
}
