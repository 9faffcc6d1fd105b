/** What the benchmark builds in a cloud: a project's network with one large subnet, groups, and ports by the thousand. */
import type { Endpoint } from "./endpoint.ts";

export interface Ground {
  readonly network: string;
  readonly project: string;
}

const PROJECT = "0000000000000000000000000000be9c";
/** One request of many ports. */
const BULK = 500;
const GROUPS = 500;
/** Ports of one device, as of a server with several interfaces. */
const PER_DEVICE = 4;

/** A shared network with room for a million ports. */
export async function ground({ ask }: Endpoint): Promise<Ground> {
  const quota = { network: -1, subnet: -1, port: -1, security_group: -1, security_group_rule: -1 };
  await ask("PUT", `/v2.0/quotas/${PROJECT}`, { quota });
  const network = idIn(await ask("POST", "/v2.0/networks", { network: { name: "bench", shared: true, tenant_id: PROJECT } }), "network");
  const subnet = { network_id: network, ip_version: 4, cidr: "10.64.0.0/12", tenant_id: PROJECT };
  await ask("POST", "/v2.0/subnets", { subnet });
  return { network, project: PROJECT };
}

export function newPort({ network, project }: Ground): object {
  return { network_id: network, tenant_id: project };
}

/** Groups, and ports until there are so many more, four to a device; returns how devices are called. */
export async function filled({ ask }: Endpoint, on: Ground, ports: number): Promise<(at: number) => string> {
  for (let at = 0; at < GROUPS; at++)
    await ask("POST", "/v2.0/security-groups", { security_group: { name: `bench-${at}`, tenant_id: on.project } });
  const device = (at: number) =>
    `${Math.floor(at / PER_DEVICE)
      .toString(16)
      .padStart(8, "0")}-0000-4000-8000-0000000be9c0`;
  for (let from = 0; from < ports; from += BULK) {
    const some = Array.from({ length: Math.min(BULK, ports - from) }, (_, at) => ({ ...newPort(on), device_id: device(from + at) }));
    await ask("POST", "/v2.0/ports", { ports: some });
  }
  return device;
}

/** Leaves nothing behind in somebody else's cloud. */
export async function cleared({ ask }: Endpoint, { network, project }: Ground): Promise<void> {
  for (;;) {
    const ids = idsIn(await ask("GET", `/v2.0/ports?network_id=${network}&fields=id&limit=1000`), "ports");
    if (ids.length === 0) break;
    for (const id of ids) await ask("DELETE", `/v2.0/ports/${id}`);
  }
  await ask("DELETE", `/v2.0/networks/${network}`);
  const groups = idsIn(await ask("GET", `/v2.0/security-groups?tenant_id=${project}&fields=id`), "security_groups");
  for (const id of groups) await ask("DELETE", `/v2.0/security-groups/${id}`);
  await ask("DELETE", `/v2.0/quotas/${project}`);
}

export function idIn(answer: unknown, name: string): string {
  return (answer as Readonly<Record<string, { readonly id: string }>>)[name]?.id ?? "";
}

export function idsIn(answer: unknown, plural: string): readonly string[] {
  return (answer as Readonly<Record<string, readonly { readonly id: string }[]>>)[plural]?.map(({ id }) => id) ?? [];
}
