/** Routes as iproute2 prints and reads them. */
import { readIp } from "../net/address.ts";
import { hostPrefix, readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { records, textAt } from "./json.ts";
import type { Fields } from "./json.ts";
import { MARGAY_PROTOCOL } from "./route.ts";
import type { Route } from "./route.ts";

/**
 * Reads `ip -j route show table all proto 88`, both families: those of the main table, which is not named. What the routes
 * wait for is not on the host: `after` is empty.
 */
export function readRoutes(json: unknown): Route[] {
  const main = records(json, "ip route").filter((fields) => fields["table"] === undefined);
  return main.map((fields) => ({
    prefix: destination(fields),
    to: targetOf(fields),
    metric: typeof fields["metric"] === "number" ? fields["metric"] : 0,
    after: [],
  }));
}

/** iproute2 prints a host route as a bare address, and the widest prefix as a word; only IPv6 routes have a preference (RFC 4191). */
function destination(fields: Fields): Cidr {
  const text = textAt(fields, "dst");
  const ip = readIp(text);
  const widest = fields["pref"] === undefined ? "0.0.0.0/0" : "::/0";
  const prefix = ip === undefined ? readCidr(text === "default" ? widest : text) : hostPrefix(ip);
  if (prefix === undefined) throw new Error(`ip route printed the destination ${text}`);
  return prefix;
}

/** A target that we never write is kept in words, so that it differs from all that is wanted. Unreachable IPv6 routes carry `dev lo`. */
function targetOf(fields: Fields): Route["to"] {
  if (fields["type"] === "unreachable") return "unreachable";
  const other = ["type", "gateway", "via", "nexthops"]
    .filter((key) => fields[key] !== undefined)
    .map((key) => `${key} ${JSON.stringify(fields[key])}`);
  return { dev: [typeof fields["dev"] === "string" ? fields["dev"] : "nowhere", ...other].join(" ") };
}

/** A line for `ip -batch` that makes the route stand, whatever stood at its prefix and metric. */
export function routeLine({ prefix, to, metric }: Route): string {
  const what = to === "unreachable" ? `unreachable ${prefix}` : `${prefix} dev ${to.dev}${prefix.includes(":") ? "" : " scope link"}`;
  return `route replace ${what} proto ${MARGAY_PROTOCOL} metric ${metric}`;
}

/** A line for `ip -batch` that removes the route. */
export function routeGoneLine({ prefix, to, metric }: Route): string {
  return `route del ${to === "unreachable" ? "unreachable " : ""}${prefix} proto ${MARGAY_PROTOCOL} metric ${metric}`;
}
