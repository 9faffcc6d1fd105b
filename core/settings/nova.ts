/** How Nova hears what became of its instances' ports. */
import { nullable } from "../resource/composites.ts";
import { integer, oneOf, text } from "../resource/scalars.ts";
import { section } from "./setting.ts";
import { file, webAddress } from "./types.ts";

export const nova = section({
  note: "Nova is told when a port is plugged, unplugged or changed: it waits for that when it starts an instance.",
  settings: {
    how: {
      type: oneOf("off", "keystone", "endpoint"),
      default: "off",
      takes: "restart",
      note: "keystone: with a token of the Keystone of auth.keystone_*, which knows where Nova is. endpoint: at nova.endpoint, without one.",
    },
    endpoint: {
      type: nullable(webAddress),
      default: null,
      takes: "restart",
      note: "With its version: http://nova:8774/v2.1. Where how is keystone, it is used instead of the catalog's.",
    },
    region: {
      type: nullable(text(255)),
      default: null,
      takes: "restart",
      note: "Which of the catalog's regions. None: whichever comes first.",
    },
    interface: {
      type: oneOf("internal", "public", "admin"),
      default: "internal",
      takes: "restart",
      note: "Which of the catalog's endpoints.",
    },
    timeout_seconds: { type: integer(1, 300), default: 10, unit: "seconds", takes: "restart", note: "How long its answer is waited for." },
    ca: {
      type: nullable(file),
      default: null,
      takes: "restart",
      note: "PEM: who issues its certificate. None: whom the system believes.",
    },
  },
  objection: ({ how, endpoint }) =>
    how === "endpoint" && endpoint === null ? { key: "endpoint", reason: "missing, where nova.how is endpoint" } : undefined,
});
