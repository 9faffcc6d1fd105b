/** What a configuration of IOS-XE says. */
import type { Dialect } from "../cli/read-bgp.ts";
import { readCli } from "../cli/read.ts";
import type { ReadRouter } from "../platform.ts";
import { natOf } from "./read-nat.ts";

const DIALECT: Dialect = {
  group: ["peer-group"],
  passive: ["transport", "connection-mode", "passive"],
  bfd: ["fall-over", "bfd"],
  gtsm: ["ttl-security", "hops"],
  maximum: ["maximum-prefix"],
  closes: ["bgp", "safe-ebgp-policy"],
  addPaths: (family) => {
    const said = family.nodes("additional-paths").length > 0;
    const [says, hears] = [
      family.has("additional-paths", "send"),
      family.has("additional-paths", "receive") || family.has("additional-paths", "send", "receive"),
    ];
    return !said ? "none" : says && hears ? "both" : says ? "send" : "receive";
  },
  beside: [
    "timers",
    "local-as",
    "update-source",
    "transport",
    "fall-over",
    "ebgp-multihop",
    "ha-mode",
    "advertise",
    "send-community",
    "version",
    "log-neighbor-changes",
    "soft-reconfiguration",
  ],
};

export function readIosxe(text: string): ReadRouter {
  return readCli(text, DIALECT, natOf);
}
