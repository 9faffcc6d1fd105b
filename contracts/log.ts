/** What a process tells its operator. `event` is a fixed phrase, the rest are fields; secrets are never fields. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}
