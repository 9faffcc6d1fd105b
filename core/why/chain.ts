/** The chain from an API object to what the kernel holds and the fabric knows: each link with its outcome, and what it waits for. */
import { announcedIn } from "./announced.ts";
import type { BirdEvidence, HostEvidence } from "./evidence.ts";
import { objectsIn } from "./objects.ts";
import { causeOf, prefixesOf } from "./records.ts";
import type { AgentRecord, PortRecord, Records } from "./records.ts";
import { addressStep } from "./address.ts";
import { portSteps } from "./port.ts";
import { verdictOf } from "./verdict.ts";

export interface Step {
  readonly about: string;
  /** `off`: closed because that is wanted. `note`: neither good nor bad. */
  readonly state: "ok" | "waits" | "failed" | "off" | "unknown" | "note";
  readonly says: string;
  /** What it waits for, and what that waits for, to the root. */
  readonly waits_for?: readonly string[];
}

export interface Part {
  readonly title: string;
  readonly steps: readonly Step[];
}

export interface Chain {
  readonly asked: string;
  readonly parts: readonly Part[];
  readonly served: "yes" | "no" | "unknown";
  /** One sentence. */
  readonly verdict: string;
}

export interface Evidence {
  readonly records: Records;
  readonly host: HostEvidence;
  readonly birds: readonly BirdEvidence[];
}

export function chainOf(evidence: Evidence): Chain {
  const { records, host, birds } = evidence;
  const { port, agent, address } = records;
  const parts: Part[] = [
    {
      title: "the cloud",
      steps: [...(address === null ? [] : [addressStep(address, records.now)]), ...(port === null ? [] : portSteps(port))],
    },
    ...(port === null || port.host === ""
      ? []
      : [{ title: `the agent of ${port.host}`, steps: [agentStep(agent, port), ...listening(host)] }]),
    ...(port === null || host.state !== "told" ? [] : [{ title: `on ${host.host}`, steps: objectsIn(host, causeOf(port)) }]),
    ...(birds.length === 0
      ? []
      : [{ title: "BGP", steps: birds.flatMap((bird) => announcedIn(bird, prefixesOf(records), port === null ? "nobody's" : "served")) }]),
  ];
  return { asked: records.asked, parts: parts.filter(({ steps }) => steps.length > 0), ...verdictOf(evidence) };
}

function agentStep(agent: AgentRecord | null, { host }: PortRecord): Step {
  const about = `as the controller sees it`;
  if (agent === null) return { about, state: "failed", says: `no agent of ${host} has ever been heard` };
  const heard = `last heard ${agent.heard}`;
  if (!agent.alive) return { about, state: "failed", says: `not alive, ${heard}` };
  if (!agent.connected) return { about, state: "failed", says: `not connected to this controller, ${heard}` };
  const { endpoint, revision } = agent;
  const at = revision === null ? "has not reported yet" : `at revision ${revision}`;
  if (endpoint === null) return { about, state: "waits", says: `connected, ${at}, says nothing of this port` };
  if (endpoint.state === "waiting") return { about, state: "waits", says: `connected, ${at}: the port waits for ${endpoint.for}` };
  if (endpoint.state === "failed") return { about, state: "failed", says: `connected, ${at}: the port failed: ${endpoint.reason}` };
  return { about, state: "ok", says: `connected, ${at}: the port is up` };
}

function listening(host: HostEvidence): Step[] {
  const about = "as it says itself";
  if (host.state === "unasked") return [];
  if (host.state === "silent") return [{ about, state: "failed", says: `it does not answer: ${host.reason}` }];
  const at = host.revision === null ? "nothing programmed yet" : `host at revision ${host.revision}`;
  return [{ about, state: host.controller === "connected" ? "ok" : "failed", says: `controller: ${host.controller}; ${at}` }];
}
