/** What a configuration of EOS says. What it translates is not read: such lines are told as not understood. */
import type { Dialect } from "../cli/read-bgp.ts";
import { readCli } from "../cli/read.ts";
import type { ReadRouter } from "../platform.ts";
import { at, below, pass, statements } from "../tree.ts";

const DIALECT: Dialect = {
  group: ["peer", "group"],
  passive: ["passive"],
  bfd: ["bfd"],
  gtsm: ["ttl", "maximum-hops"],
  maximum: ["maximum-accepted-routes", "maximum-routes"],
  closes: ["bgp", "missing-policy", "direction", "out", "action", "deny"],
  addPaths: (family) => {
    const [hears, says] = [family.has("additional-paths", "receive"), family.has("additional-paths", "send")];
    for (const node of family.nodes("additional-paths")) pass(node);
    return hears && says ? "both" : hears ? "receive" : says ? "send" : "none";
  },
  beside: [
    "timers",
    "local-as",
    "update-source",
    "ttl",
    "peer",
    "send-community",
    "log-neighbor-changes",
    "idle-restart-timer",
    "rib-in",
    "graceful-restart",
  ],
};

export function readEos(text: string): ReadRouter {
  return readCli(text, DIALECT, (root, unread) => {
    for (const node of below(root, "interface"))
      for (const { text, line, take } of statements(at(node, "ip", "nat"))) {
        take();
        unread.push({ line, text: `ip nat ${text}`, reason: "translation on EOS is not understood" });
      }
    return [];
  });
}
