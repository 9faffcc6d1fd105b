/** One sentence: is it served, and if not, what is in the way. What comes first in the chain is what counts. */
import { announcedIn } from "./announced.ts";
import type { Chain, Evidence } from "./chain.ts";
import type { BirdEvidence, HostEvidence } from "./evidence.ts";
import { rootOf } from "./objects.ts";
import { causeOf, prefixesOf } from "./records.ts";
import type { AddressRecord, AgentRecord, PortRecord } from "./records.ts";

type Verdict = Pick<Chain, "served" | "verdict">;

export function verdictOf({ records, host, birds }: Evidence): Verdict {
  const { address, port, agent, asked } = records;
  if (port === null) return no(`${asked} ${nobody(address)}`);
  const unplaced = placed(port, asked);
  if (unplaced !== undefined) return unplaced;
  const onHost = host.state === "told" ? held(host, port, asked) : reported(agent, port, asked);
  if (onHost?.served === "no") return onHost;
  const unheard = birds.flatMap((bird) => announcedIn(bird, prefixesOf(records), "served")).find(({ state }) => state === "failed");
  if (unheard !== undefined) return no(`${asked} is programmed on ${port.host}, but BGP lacks it: ${unheard.about}: ${unheard.says}`);
  if (onHost !== undefined) return onHost;
  return { served: "yes", verdict: `${asked} is served by ${port.host}${beyond(birds)}${alone(host, port)}` };
}

function no(verdict: string): Verdict {
  return { served: "no", verdict };
}

function nobody(address: AddressRecord | null): string {
  if (address === null) return "is not known";
  if (address.role === "gateway") return "is a gateway address: every compute host answers for it towards its VMs, and nobody else";
  if (address.role === "floating") return "is a floating IP that leads to no port: traffic to it ends at an unreachable route";
  if (address.role === "pair") return `may be sent from by ports ${address.pairs.join(", ")}, and leads to none of them`;
  if (address.range === null) return "is no address of this data centre";
  return `belongs to no port: traffic to it ends at the unreachable route of ${address.range} on hosts and gateways`;
}

/** Undefined: it is to be served, on its host. */
function placed({ host, vif_type: vif, admin_state_up: up }: PortRecord, asked: string): Verdict | undefined {
  if (!up) return no(`${asked} is closed: admin_state_up is false`);
  if (host === "") return no(`${asked} is bound to no host: Nova has not placed it`);
  return vif === "tap" ? undefined : no(`${asked} could not be bound on ${host} (${vif}): no compute agent was alive there; bind it again`);
}

function held(host: Extract<HostEvidence, { readonly state: "told" }>, port: PortRecord, asked: string): Verdict | undefined {
  const own = host.objects.filter(({ because, wanted }) => wanted && because.includes(causeOf(port)));
  const gone = host.controller === "connected" ? "" : ` (controller: ${host.controller})`;
  if (own.length === 0) return no(`the agent of ${host.host} has not been told of ${asked} yet${gone}`);
  const undone = own.filter(({ state }) => state !== "done");
  const roots = undone.flatMap(({ object }) => rootOf(host, object) ?? []);
  const failed = roots.find(({ state }) => state === "failed");
  if (failed !== undefined) return no(`${asked} fails on ${host.host} at ${failed.object}: ${failed.reason ?? "no reason is given"}`);
  const [first] = roots;
  if (first === undefined) return undefined;
  return no(`${asked} ${waiting(first.waits_for ?? first.object, host.host)}`);
}

/** Where the host cannot be asked, what it told the controller last must do. */
function reported(agent: AgentRecord | null, { host, status }: PortRecord, asked: string): Verdict | undefined {
  if (agent === null) return no(`no agent of ${host} has ever been heard`);
  if (agent.endpoint?.state === "waiting") return no(`${asked} ${waiting(agent.endpoint.for, host)}`);
  if (agent.endpoint?.state === "failed") return no(`${asked} fails on ${host}: ${agent.endpoint.reason}`);
  const silent = agent.alive ? "is not connected to this controller" : "is not alive";
  if (!agent.connected)
    return { served: "unknown", verdict: `the agent of ${host} ${silent}, last heard ${agent.heard}; the port was ${status} then` };
  return agent.endpoint === null ? no(`the agent of ${host} has said nothing of ${asked} yet`) : undefined;
}

function waiting(ref: string, host: string): string {
  return `waits for ${ref} on ${host}${ref.startsWith("link/tap") ? ": Nova has not plugged it" : ""}`;
}

function beyond(birds: readonly BirdEvidence[]): string {
  const knowing = birds.filter(({ role, silent }) => role !== "compute" && silent === undefined).map(({ machine }) => machine);
  return knowing.length === 0 ? "" : `, and known to ${knowing.join(", ")}`;
}

/** It goes on without the controller, and what changes meanwhile is not seen. */
function alone(host: HostEvidence, port: PortRecord): string {
  if (host.state !== "told" || host.controller === "connected") return "";
  return `; but the agent of ${port.host} is ${host.controller}: it keeps what it was told until then`;
}
