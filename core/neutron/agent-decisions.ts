/** /agents: reading only. An agent is shown by its id and kept by its host. */
import { refused } from "../result.ts";
import type { Refusal } from "../result.ts";
import type { Agent } from "./agent.ts";
import { list, show } from "./api-read.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { sees } from "./look.ts";
import { badRequest, methodNotAllowed, notFound } from "./refusals.ts";
import type { Rules } from "./rules.ts";

/** Neutron's `agent_down_time`: three heartbeats and a half. */
const SILENCE_SECONDS = 75;

export const agentDecisions: Rules<"agent"> = {
  table: "agent",
  notFound: agentNotFound,
  target: () => ({ owner: "" }),
  targetOfNew: () => refused(methodNotAllowed),
  computed: (_cloud, row, { now }) => ({ alive: isAlive(row, now) }),
};

export function isAlive(row: Pick<Agent, "heartbeat_timestamp">, now: string): boolean {
  return Date.parse(now) - Date.parse(row.heartbeat_timestamp) <= SILENCE_SECONDS * 1000;
}

/** `request.path` begins with `agents`. */
export function answerAgent(cloud: Cloud, request: ApiRequest): ApiAnswer {
  const [, id, more] = request.path;
  if (more !== undefined) return refuse(notFound);
  if (request.method === "POST" && id === undefined) return refuse(badRequest("Agents make themselves known: they are not created here"));
  if (request.method !== "GET") return refuse(methodNotAllowed);
  if (id === undefined)
    return readAnswer(list(agentDecisions, cloud, { ...request, query: request.query.map((pair) => withKey(cloud, pair)) }));
  const row = found(cloud, id);
  if (row === undefined || !sees(agentDecisions, cloud, { row, who: request.who })) return refuse(agentNotFound(id));
  return readAnswer(show(agentDecisions, cloud, { id: row.host, request }));
}

/** A page's marker is an id, too. */
function withKey(cloud: Cloud, [name, value]: readonly [string, string]): readonly [string, string] {
  return [name, name === "marker" ? (found(cloud, value)?.host ?? value) : value];
}

function found(cloud: Cloud, id: string): Agent | undefined {
  for (const row of cloud.all("agent")) if (row.id === id) return row;
  return undefined;
}

function refuse(refusal: Refusal): ApiAnswer {
  return readAnswer(refused(refusal));
}

function agentNotFound(id: string): Refusal {
  return { status: 404, type: "AgentNotFound", message: `Agent ${id} could not be found.` };
}
