/** One JSON object per line on standard output, by pino: what systemd's journal and every collector take as it is. */
import { pino } from "pino";
import type { DestinationStream } from "pino";
import type { Fields, Log } from "#contracts/log.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

const WORDS = ["password", "secret", "token", '["x-auth-token"]', '["x-subject-token"]', '["x-service-token"]', "authorization"];
/** By name, at the top and one below. */
const SECRETS = WORDS.flatMap((word) => [word, word.startsWith("[") ? `*${word}` : `*.${word}`]);

export interface JsonLog extends Log {
  /** Told only when somebody wants to know everything. */
  debug(event: string, fields?: Fields): void;
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
    // Secrets are no fields; should one slip in, it stays inside all the same.
    redact: { paths: SECRETS, censor: "[secret]" },
    formatters: { level: (level: string) => ({ level }) },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    debug: (event, fields = {}) => logger.debug(fields, event),
    info: (event: string, fields: Fields = {}) => logger.info(fields, event),
    warn: (event: string, fields: Fields = {}) => logger.warn(fields, event),
    error: (event: string, fields: Fields = {}) => logger.error(fields, event),
    setLevel: (level) => void (logger.level = level),
  };
}
