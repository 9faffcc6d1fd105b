/** What is decided about agents. They make themselves known (core/feed/status.ts); administrators may say little of them. */
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Agent, AgentPatch } from "./agent.ts";
import { zoneOf } from "./availability-zone.ts";
import type { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";
import { badRequest } from "./refusals.ts";
import { removal } from "./rules.ts";
import type { Change, Rules } from "./rules.ts";

/** Neutron's `agent_down_time`: three heartbeats and a half. */
const SILENCE_SECONDS = 75;

export const agentDecisions: Rules<"agent"> = {
  table: "agent",
  notFound: agentNotFound,
  kept: { key: ({ host }) => host, byId },
  target: () => ({ owner: "" }),
  targetOfNew: () => refused(badRequest("Agents make themselves known: they are not created here")),
  computed: (_cloud, row, { now }) => ({ alive: isAlive(row, now), availability_zone: zoneOf(row) }),
  update: (_cloud: Cloud, row: Agent, patch: AgentPatch): Result<Change<Agent>> => ok({ row: { ...row, ...patch } }),
  // One that is there says so again before it could be missed.
  delete: (_cloud: Cloud, row: Agent): Result<readonly RowWrite[]> => ok([removal("agent", row.host)]),
};

export function isAlive(row: Pick<Agent, "heartbeat_timestamp">, now: string): boolean {
  return Date.parse(now) - Date.parse(row.heartbeat_timestamp) <= SILENCE_SECONDS * 1000;
}

function byId(cloud: Cloud, id: string): Agent | undefined {
  for (const row of cloud.all("agent")) if (row.id === id) return row;
  return undefined;
}

function agentNotFound(id: string): Refusal {
  return { status: 404, type: "AgentNotFound", message: `Agent ${id} could not be found.` };
}
