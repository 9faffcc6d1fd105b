/** What an agent says becomes state of the cloud: the status of its ports, and the row that says that it is alive. */
import type { Cloud } from "../neutron/cloud.ts";
import type { Decide, Fresh, RowWrite } from "../neutron/decision.ts";
import { taken } from "../neutron/pair-claims.ts";
import { arrivedOn, expectedOn, isBound } from "../neutron/port-binding.ts";
import type { Port } from "../neutron/port.ts";
import { touched, write } from "../neutron/rules.ts";
import { ok } from "../result.ts";
import type { EndpointState, Hello, Report } from "./item.ts";

/** So many of a host's troubles are kept in its agent's row; the host itself knows them all. */
const TROUBLES = 20;

/** The agent has connected, or still is: answers whether it is new. */
export function alive(hello: Hello): Decide<Cloud, boolean> {
  return (cloud, fresh) => {
    const known = cloud.get("agent", hello.host);
    const before = known ?? newAgent(fresh);
    const configurations = { ...before.configurations, role: hello.role };
    const row = { ...before, ...saidOf(hello), configurations, heartbeat_timestamp: fresh.now };
    return ok({ writes: [write("agent", hello.host, row)], answer: known === undefined });
  };
}

/** Takes in a report of this agent: writes only what is another than before. Answers how many ports changed. */
export function heard(hello: Hello, report: Report): Decide<Cloud, number> {
  return (cloud, fresh) => {
    const ports = hello.role === "compute" ? [...changedPorts(cloud, hello.host, report)] : [];
    const writes = ports.map((port) => write("port", port.id, touched(port, fresh)));
    return ok({ writes: [...writes, ...agentChange(cloud, hello, report)], answer: ports.length });
  };
}

/** Only ports that are bound to the host or expected there: of the others it has nothing to say. */
function* changedPorts(cloud: Cloud, host: string, report: Report): Generator<Port> {
  // Another sign of life may have been heard of since.
  const come = (port: Port) => (report.arrived[port.id] === port.moves ? arrivedOn(port, host) : port);
  const after = (port: Port) => (report.taken[port.id] ?? []).reduce((now, taking) => taken(cloud, now, host, taking), come(port));
  for (const port of cloud.by("port", "binding:host_id", host)) {
    if (!isBound(port)) continue;
    const status = statusOf(port, report.endpoints[port.id]);
    const now = after(port);
    if (now !== port || status !== port.status) yield { ...now, status };
  }
  for (const port of expectedOn(cloud, host)) {
    const ready = report.endpoints[port.id]?.state === "up";
    const now = after(port);
    if (now !== port || ready !== port.ready_on.includes(host)) yield { ...now, ready_on: readyOn(port, host, ready) };
  }
}

/** The status of a port that moves stays its serving host's to say. */
function readyOn({ ready_on: hosts }: Port, host: string, ready: boolean): readonly string[] {
  const others = hosts.filter((other) => other !== host);
  return ready ? [...others, host] : others;
}

/**
 * ACTIVE once all its objects stand; ERROR when one of them failed; DOWN while its tap is awaited, or when the host no longer
 * speaks of it. A binding that is under way (BUILD) stays so until the host has made something of it.
 */
function statusOf(port: Port, said: EndpointState | undefined): Port["status"] {
  if (said?.state === "up") return "ACTIVE";
  if (said?.state === "failed") return "ERROR";
  return port.status === "BUILD" ? "BUILD" : "DOWN";
}

function agentChange(cloud: Cloud, hello: Hello, report: Report): RowWrite[] {
  const row = cloud.get("agent", hello.host);
  if (row === undefined) return [];
  const configurations = { role: hello.role, endpoints: countsOf(report), troubles: report.troubles.slice(0, TROUBLES) };
  const same = JSON.stringify(row.configurations) === JSON.stringify(configurations);
  return same ? [] : [write("agent", hello.host, { ...row, configurations })];
}

function countsOf({ endpoints }: Report): Readonly<Record<EndpointState["state"], number>> {
  const counts = { up: 0, waiting: 0, failed: 0 };
  for (const { state } of Object.values(endpoints)) counts[state] += 1;
  return counts;
}

function saidOf({ host, role, started_at }: Hello) {
  return { agent_type: `Margay ${role} agent`, binary: "margay-agent", topic: "N/A", host, started_at };
}

function newAgent(fresh: Fresh) {
  return { id: fresh.uuid(), admin_state_up: true, created_at: fresh.now, configurations: {}, description: null };
}
