/** Agents: what the processes on the hosts say of themselves. */
import { ADMIN } from "../policy/rule.ts";
import { nullable, opaque } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Patch, Row } from "../resource/resource.ts";
import { flag, text, time, uuid } from "../resource/scalars.ts";

export const agent = resource({
  name: "agent",
  plural: "agents",
  note: "The process on a host that keeps what the host must hold. It makes itself known, and comes back when it is deleted.",
  may: { get: ADMIN, update: ADMIN, delete: ADMIN },
  attributes: {
    id: { type: uuid, write: "never", filter: true, sort: true, note: "Identity." },
    agent_type: { type: text(255), write: "never", filter: true, sort: true, note: "What it is for." },
    binary: { type: text(255), write: "never", filter: true, sort: true, note: "The program." },
    topic: { type: text(255), write: "never", filter: true, sort: true, note: "N/A: there is no message broker." },
    host: { type: text(255), write: "never", filter: true, sort: true, index: true, note: "The host it runs on, as Nova names it." },
    admin_state_up: {
      type: flag,
      write: "change",
      filter: true,
      sort: true,
      note: "If not, no more ports are bound to its host; those that are stay.",
    },
    created_at: { type: time, write: "never", sort: true, note: "When it first came." },
    started_at: { type: time, write: "never", sort: true, note: "When its process started." },
    heartbeat_timestamp: { type: time, write: "never", sort: true, note: "When it was last heard." },
    alive: { type: flag, write: "never", computed: true, filter: true, sort: true, note: "Heard within the last 75 seconds?" },
    configurations: { type: opaque, write: "never", note: "What it says of itself." },
    description: { type: nullable(text(255)), write: "change", filter: true, sort: true, note: "A remark for people." },
    availability_zone: {
      type: nullable(text(255)),
      write: "never",
      computed: true,
      filter: true,
      extension: "availability_zone",
      note: "The zone of its host, where that has VMs.",
    },
  },
});

/** Kept under `agent/HOST`: a host has one, whatever it was called before. */
export type Agent = Row<typeof agent>;
export type AgentPatch = Patch<typeof agent>;
