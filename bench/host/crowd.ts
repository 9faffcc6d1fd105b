/** A lab with many: hundreds of endpoints with taps on one host, and a remote group of tens of thousands, made as operators and Nova would. */
import { ask } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { down } from "#lab/down.ts";
import { agentState } from "#lab/margay.ts";
import { tapOf } from "#lab/nova.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { machineNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { inside, must } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { until } from "#lab/wait.ts";
import { exchange } from "#adapters/http/exchange.ts";
import { agentSocket } from "#processes/agent/socket.ts";

export const HOST = "h1";
const PROJECT = "0000000000000000000000000000be9d";
/** Ports of one request. */
const BULK = 500;

export interface Crowd {
  readonly lab: Lab;
  /** Names `big` as remote, and lets echoes in from anywhere; all endpoints are in it. */
  readonly group: string;
  /** The remote group. */
  readonly big: string;
  post<T>(path: string, body: object): Promise<T>;
  /** Of IPv4 alone, on the internal network: one address each. */
  members(count: number): Promise<readonly CloudPort[]>;
  /** On the external network, in the group, not bound. */
  outward(): Promise<CloudPort>;
  bind(port: CloudPort): Promise<void>;
  status(port: CloudPort): Promise<string>;
  end(): Promise<void>;
}

/** Answers once all of them are ACTIVE. */
export async function crowd(name: string, endpoints: number, say: (line: string) => void): Promise<Crowd> {
  const lab = await ownLab(name);
  await down(lab);
  await raiseExample(lab, "guide");
  try {
    return await gathered(lab, endpoints, say);
  } catch (error) {
    await down(lab);
    throw error;
  }
}

async function gathered(lab: Lab, endpoints: number, say: (line: string) => void): Promise<Crowd> {
  const post = <T>(path: string, body: object): Promise<T> => ask<T>(lab, { method: "POST", path: `/v2.0/${path}`, body });
  const get = <T>(path: string): Promise<T> => ask<T>(lab, { method: "GET", path: `/v2.0/${path}` });
  await ask(lab, {
    method: "PUT",
    path: `/v2.0/quotas/${PROJECT}`,
    body: { quota: { port: -1, security_group: -1, security_group_rule: -1 } },
  });
  const named = async (network: string) =>
    (await get<{ networks: readonly { id: string }[] }>(`networks?name=${network}`)).networks[0]?.id ?? "";
  const [internal, external] = [await named("internal"), await named("external")];
  const { subnets } = await get<{ subnets: readonly { id: string; ip_version: number }[] }>(`subnets?network_id=${internal}`);
  const subnet = subnets.find(({ ip_version: version }) => version === 4)?.id;
  const made = async (what: string) =>
    (await post<{ security_group: { id: string } }>("security-groups", { security_group: { name: what, project_id: PROJECT } }))
      .security_group.id;
  const [group, big] = [await made("crowd"), await made("big")];
  const rule = (fields: object) =>
    post("security-group-rules", {
      security_group_rule: { security_group_id: group, project_id: PROJECT, direction: "ingress", ...fields },
    });
  await rule({ protocol: "icmp" });
  await rule({ protocol: "tcp", port_range_min: 80, port_range_max: 80, remote_group_id: big });

  const ports = async (count: number, fields: object): Promise<CloudPort[]> => {
    const all: CloudPort[] = [];
    for (let from = 0; from < count; from += BULK) {
      const some = Array.from({ length: Math.min(BULK, count - from) }, () => ({ project_id: PROJECT, ...fields }));
      all.push(...(await post<{ ports: readonly CloudPort[] }>("ports", { ports: some })).ports);
    }
    return all;
  };
  const begun = performance.now();
  const standing = await ports(endpoints, {
    network_id: internal,
    security_groups: [group],
    device_owner: "compute:nova",
    "binding:host_id": HOST,
  });
  const lines = standing.flatMap(({ id }) => [`tuntap add dev ${tapOf(id)} mode tap`, `link set ${tapOf(id)} up`]);
  await must(inside(machineNetns(lab, HOST), ["ip", "-batch", "-"]), { input: `${lines.join("\n")}\n`, timeout: 60_000 });
  await until({ what: `${endpoints} endpoints to be up`, timeout: 60_000, every: 50 }, () => missing(lab, endpoints));
  say(`${endpoints} endpoints on ${HOST}: ${((performance.now() - begun) / 1000).toFixed(1)} s from nothing until all are up`);

  return {
    lab,
    group,
    big,
    post,
    members: (count) => ports(count, { network_id: internal, fixed_ips: [{ subnet_id: subnet }], security_groups: [big] }),
    outward: async () => {
      const port = { project_id: PROJECT, network_id: external, security_groups: [group], device_owner: "compute:nova" };
      return (await post<{ port: CloudPort }>("ports", { port })).port;
    },
    bind: async ({ id }) =>
      void (await ask(lab, { method: "PUT", path: `/v2.0/ports/${id}`, body: { port: { "binding:host_id": HOST } } })),
    status: async ({ id }) => (await get<{ port: { status: string } }>(`ports/${id}?fields=status`)).port.status,
    end: async () => void (await down(lab)),
  };
}

/** How many of its endpoints the agent says are up; undefined once they are so many. */
export async function missing(lab: Lab, endpoints: number): Promise<string | undefined> {
  try {
    const { status, text } = await exchange(`unix:${agentSocket(agentState(lab, HOST))}`, { method: "GET", path: "/" }, { timeout: 5000 });
    if (status !== 200) return `it answers ${status}`;
    const states = Object.values((JSON.parse(text) as { endpoints: Readonly<Record<string, { state: string }>> }).endpoints);
    const up = states.filter(({ state }) => state === "up").length;
    return up === endpoints && states.length === endpoints ? undefined : `${up} of ${states.length} are up`;
  } catch (error) {
    return String(error);
  }
}

/** So many of a group's members are in the packet filter of the host, by its own count of lines. */
export async function elementsHeld(lab: Lab, set: string): Promise<number> {
  const text = await must(inside(machineNetns(lab, HOST), ["nft", "-j", "list", "set", "inet", "margay", set]), { timeout: 30_000 });
  const { nftables } = JSON.parse(text) as { nftables: readonly { set?: { elem?: readonly unknown[] } }[] };
  return nftables.flatMap(({ set: found }) => found?.elem ?? []).length;
}
