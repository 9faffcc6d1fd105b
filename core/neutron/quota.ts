/** Quotas: how many of each resource a project may have; -1 for any number. */
import { ADMIN } from "../policy/rule.ts";
import { resource } from "../resource/resource.ts";
import type { Patch, Row } from "../resource/resource.ts";
import { integer, text } from "../resource/scalars.ts";

const limit = integer(-1, 2147483647);

export const quota = resource({
  name: "quota",
  plural: "quotas",
  note: "How many of each resource a project may have.",
  may: { get: ["admin", "manager@owner"], update: ADMIN, delete: ADMIN },
  attributes: {
    project_id: { type: text(255), write: "never", note: "The project." },
    network: { type: limit, write: "always", default: 100, note: "Networks." },
    subnet: { type: limit, write: "always", default: 100, note: "Subnets." },
    port: { type: limit, write: "always", default: 500, note: "Ports." },
    router: { type: limit, write: "always", default: 10, note: "Routers; there are none." },
    floatingip: { type: limit, write: "always", default: 50, note: "Floating IPs; there are none." },
    security_group: { type: limit, write: "always", default: 10, note: "Security groups." },
    security_group_rule: { type: limit, write: "always", default: 100, note: "Rules of security groups." },
  },
});

/** Kept under `quota/PROJECT` once an administrator has set it. */
export type Quota = Row<typeof quota>;
export type QuotaPatch = Patch<typeof quota>;
