/** What the controller is told on its command line. */
import type { Listen } from "#adapters/http/server.ts";

export interface ControllerSettings {
  /** The SQLite file. */
  readonly store: string;
  readonly listen: readonly Listen[];
  /** `none`: whoever reaches a TCP port is an administrator. A unix socket's file says by its mode who may use it. */
  readonly auth: "closed" | "none";
}

/** Reads `HOST:PORT`, `[2001:db8::1]:PORT` or `unix:/PATH`; throws, with the text, when it is none of them. */
export function readListen(text: string): Listen {
  const path = /^unix:(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const { bracketed, plain, port = "" } = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65535)
    throw new Error(`Cannot listen on "${text}": an address is HOST:PORT, [IPV6]:PORT or unix:/PATH`);
  return { host, port: Number(port) };
}
