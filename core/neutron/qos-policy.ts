/** QoS policies: how fast ports may send and receive, under one name that ports and networks point to. */
import { list, opaque } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag } from "../resource/scalars.ts";
import { chronicled, identity, named, sharable, tagged } from "./standard.ts";

const MANAGERS = ["admin", "manager@owner"] as const;

export const qosPolicy = resource({
  name: "policy",
  plural: "policies",
  prefix: "qos",
  note: "Limits for the ports that point to it, or whose network does.",
  may: { create: MANAGERS, get: ["admin", "reader@owner", "shared"], update: MANAGERS, delete: MANAGERS },
  attributes: {
    ...identity,
    ...named,
    shared: {
      ...sharable.shared,
      extension: "qos",
    },
    is_default: {
      type: flag,
      write: "always",
      default: false,
      filter: true,
      extension: "qos-default",
      note: "Do the project's new networks point to it unasked? One policy of a project may.",
    },
    rules: { type: list(opaque), write: "never", computed: true, extension: "qos", note: "Its limits, each with its type." },
    ...chronicled,
    ...tagged,
  },
});

export type QosPolicy = Row<typeof qosPolicy>;
export type NewQosPolicy = Create<typeof qosPolicy>;
export type QosPolicyPatch = Patch<typeof qosPolicy>;
