/** Types that only settings have: doors, files, and lists of them. */
import { invalid, orderTexts, printed } from "../resource/type.ts";
import type { Read, Type } from "../resource/type.ts";

/** Where a server listens; port 0 lets the kernel choose. */
export type Listen = { readonly host: string; readonly port: number } | { readonly path: string };

export const listen: Type<Listen> = {
  name: "HOST:PORT, [IPV6]:PORT or unix:/PATH",
  read: (raw) => {
    const value = typeof raw === "string" ? listenOf(raw) : undefined;
    return value === undefined ? invalid("not an address: HOST:PORT, [IPV6]:PORT or unix:/PATH") : { value };
  },
  keys: (value) => [listenText(value)],
  key: (text) => ({ value: text }),
  order: (left, right) => orderTexts(listenText(left), listenText(right)),
};

function listenOf(text: string): Listen | undefined {
  const path = /^unix:(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const { bracketed, plain, port = "" } = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:[\]/]+)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65535 ? undefined : { host, port: Number(port) };
}

/** As it is written. */
export function listenText(door: Listen): string {
  if ("path" in door) return `unix:${door.path}`;
  return door.host.includes(":") ? `[${door.host}]:${door.port}` : `${door.host}:${door.port}`;
}

/** The absolute path of a file: a process started by systemd is nowhere in particular. */
export const file: Type<string> = {
  name: "absolute path",
  read: (raw): Read<string> =>
    typeof raw === "string" && /^\/[^\0]+$/.test(raw) ? { value: raw } : invalid(`'${printed(raw)}' is not an absolute path`),
  keys: (value) => [value],
  key: (text) => ({ value: text }),
  order: orderTexts,
};

export const webAddress: Type<string> = {
  name: "http:// or https:// address",
  read: (raw): Read<string> =>
    typeof raw === "string" && /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(raw)
      ? { value: raw.replace(/\/+$/, "") }
      : invalid(`'${printed(raw)}' is not an http:// or https:// address`),
  keys: (value) => [value],
  key: (text) => ({ value: text }),
  order: orderTexts,
};

/** As an agent is told where a controller is. */
export const controllerAddress: Type<string> = {
  name: "http:// or https:// address, or unix:/PATH",
  read: (raw): Read<string> =>
    typeof raw === "string" && /^unix:\/.+$/.test(raw)
      ? { value: raw }
      : typeof raw === "string" && /^https?:\/\/[^\s/?#@]+\/?$/.test(raw)
        ? { value: raw.replace(/\/$/, "") }
        : invalid(`'${printed(raw)}' is neither http://HOST:PORT, https://HOST:PORT nor unix:/PATH`),
  keys: (value) => [value],
  key: (text) => ({ value: text }),
  order: orderTexts,
};
