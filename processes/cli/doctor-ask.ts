/** Gathers what the doctor judges: of the file, of the controller, and of every machine that can be asked from here. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { birdFacts } from "#adapters/doctor/bird.ts";
import { kernelFacts, machineFacts, novaFacts, pathFacts } from "#adapters/doctor/machine.ts";
import type { Target } from "#adapters/doctor/machine.ts";
import { processesIn } from "#adapters/doctor/processes.ts";
import { reasonOf } from "#adapters/linux/errors.ts";
import { programs } from "#adapters/programs/programs.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import type { CloudFacts } from "#core/doctor/cloud-facts.ts";
import { silent, told, unasked } from "#core/doctor/facts.ts";
import type { AgentFacts, Facts, Known, MachineFacts, Role } from "#core/doctor/facts.ts";
import { gatewayNamed, isOutside } from "#core/doctor/places.ts";
import { agentState } from "#lab/margay.ts";
import { controllerSocket, machineNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { machinesOf } from "#lab/topology.ts";
import type { AgentStatus } from "../agent/state.ts";
import { getFrom } from "./client.ts";
import { askAgent } from "./why-ask.ts";

/** One machine that can be asked from here. */
interface Asked {
  readonly name: string;
  readonly role: Role;
  /** Its network namespace, as `ip netns` names it; absent: this machine's own. */
  readonly netns?: string;
  /** The agent's state directory. */
  readonly state: string;
  readonly hostname: Known<string>;
  readonly nova: MachineFacts["nova"];
}

/** What holds for all machines that are asked. */
interface Around {
  readonly center: DataCenter;
  /** Of the clock that all machines that are asked share with whoever asks. */
  readonly ahead: MachineFacts["ahead"];
  readonly kernel: MachineFacts["kernel"];
}

const PATIENCE = 10_000;

/** All machines of a lab that was built from this declaration. */
export async function labFacts(lab: Lab, center: DataCenter): Promise<Facts> {
  const cloud = await cloudAt(`unix:${controllerSocket(lab)}`, undefined);
  const around = { center, ahead: aheadOf(cloud), kernel: await kernelFacts(programs({ limitMs: PATIENCE })) };
  const hostname = silent("the machines of a lab share one host name");
  const nova = silent("there is no Nova in a lab");
  const machines = await Promise.all(
    rolesIn(center).map(({ name, role, foreign }) =>
      foreign !== undefined
        ? unasked(name, role, foreign)
        : askMachine({ name, role, netns: machineNetns(lab, name), state: agentState(lab, name), hostname, nova }, around),
    ),
  );
  return { center: told(center), cloud, machines };
}

const ELSEWHERE = "other machines are not asked from here: margay doctor there";

export interface Here {
  /** As a file declares it; absent: as it was applied, or as the agent here was told. */
  readonly center?: DataCenter;
  /** Absent: no controller is asked. */
  readonly url?: string;
  readonly token?: string | undefined;
  readonly state: string;
  /** The name of this machine in the declaration; absent: the agent knows, or it is the host's own. */
  readonly host?: string;
}

/** This machine, if it is one of the data centre, the controller, and the file. */
export async function factsHere({ center: declared, url, token, state, host }: Here): Promise<Facts> {
  const cloud = url === undefined ? silent("no controller was asked: --url or MARGAY_URL says where it is") : await cloudAt(url, token);
  const ahead = aheadOf(cloud);
  const agent = existsSync(join(state, "agent.sock")) ? await askAgent<AgentStatus>(state, "/").catch(() => undefined) : undefined;
  const applied = cloud.known ? (cloud.value.datacenter ?? undefined) : undefined;
  const center = declared ?? applied ?? (agent === undefined ? undefined : await toldTo(state));
  if (center === undefined) return { center: silent(cloud.known ? "no data centre has been applied" : cloud.why), cloud, machines: [] };
  const around = { center, ahead, kernel: await kernelFacts(programs({ limitMs: PATIENCE })) };
  const self = host ?? agent?.host ?? hostname();
  const machines = await Promise.all(
    rolesIn(center).map(({ name, role, foreign }) =>
      foreign !== undefined
        ? unasked(name, role, foreign)
        : name === self
          ? askMachine({ name, role, state, hostname: told(hostname()), nova: novaFacts() }, around)
          : unasked(name, role, ELSEWHERE),
    ),
  );
  return { center: told(center), cloud, machines };
}

async function toldTo(state: string): Promise<DataCenter | undefined> {
  const view = await askAgent<{ datacenter: DataCenter | null } | null>(state, "/view").catch(() => null);
  return view?.datacenter ?? undefined;
}

interface Member {
  readonly name: string;
  readonly role: Role;
  /** Why it is not asked, wherever the doctor is: it is a router of somebody else's. */
  readonly foreign?: string;
}

function rolesIn(center: DataCenter): readonly Member[] {
  const roles: readonly Role[] = ["controller", "reflector", "tor", "compute", "gateway"];
  return machinesOf(center).flatMap(({ kind, machine: { name, platform = "bird" } }) => {
    const foreign = `it runs ${platform}, which is not asked: margay prove --config judges what it is configured with`;
    return roles.filter((role) => role === kind).map((role) => ({ name, role, ...(platform !== "bird" && { foreign }) }));
  });
}

/** Of an answer that has just come: the controller says when it gave it. */
function aheadOf(cloud: Known<CloudFacts>): Known<number> {
  return cloud.known ? told(Math.round((Date.now() - Date.parse(cloud.value.now)) / 1000)) : silent(cloud.why);
}

async function cloudAt(url: string, token: string | undefined): Promise<Known<CloudFacts>> {
  try {
    // The controller answers what its own declaration says: cloudFactsOf.
    return told((await getFrom(url, "/margay/v1/doctor", token)) as unknown as CloudFacts);
  } catch (error) {
    return silent(reasonOf(error));
  }
}

async function askMachine({ name, role, netns, state, hostname, nova }: Asked, { center, ahead, kernel }: Around): Promise<MachineFacts> {
  const path = netns === undefined ? "/proc/self/ns/net" : `/run/netns/${netns}`;
  if (!existsSync(path)) return unasked(name, role, `there is no ${path}`);
  const here = programs({ limitMs: PATIENCE });
  const run = netns === undefined ? here : programs({ under: ["ip", "netns", "exec", netns], limitMs: PATIENCE });
  const gateway = gatewayNamed(center, name);
  const outside = (neighbour: string) => gateway !== undefined && isOutside(gateway, neighbour);
  const [asked, paths, bird, agent] = await Promise.all([
    machineFacts(run),
    pathFacts(run, role === "compute" ? targetsIn(center) : []),
    birdFacts({ run: here, socket: join(state, "bird/bird.ctl"), beside: join(state, "bird/bfd.ctl"), outside }),
    agentAt(state),
  ]);
  return { name, role, ...asked, kernel, paths, bird, agent, processes: told(processesIn(path)), hostname, ahead, nova };
}

/** Each gateway by each of its addresses, with packets as large as VMs may send. */
function targetsIn({ gateways, mtu }: DataCenter): readonly Target[] {
  return gateways.flatMap(({ name, ipv4, ipv6 }) =>
    [ipv4, ipv6].flatMap((ip) => (ip === undefined ? [] : [{ gateway: name, ip, size: mtu }])),
  );
}

async function agentAt(state: string): Promise<Known<AgentFacts>> {
  try {
    const { host, role, controller, troubles, metadata } = await askAgent<AgentStatus>(state, "/");
    const doors = metadata && { doors: metadata.doors, nova: metadata.nova };
    return told({ host, role, controller, troubles, metadata: doors ?? null });
  } catch (error) {
    return silent(`the agent does not answer: ${reasonOf(error)}`);
  }
}
