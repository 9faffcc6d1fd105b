/** For tests: a VM of the member's on host h1, in a sandbox where several hosts could serve it. */
import { ADMIN, idOf, MEMBER, SERVICE } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

/** The agents of compute hosts, as they have just reported. */
export function agentsAlive(box: Sandbox, hosts: readonly string[]): void {
  for (const host of hosts)
    box.cloud.apply(`agent/${host}`, {
      id: host,
      host,
      heartbeat_timestamp: box.time.now,
      admin_state_up: true,
      configurations: { role: "compute" },
    });
}

/** Makes the hosts' agents, a network, and the VM's port, bound to h1; returns the port's id. */
export function portOfVm(box: Sandbox, hosts: readonly string[], said: Fields): string {
  agentsAlive(box, hosts);
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: { project_id: MEMBER.project } }));
  box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, cidr: "10.0.0.0/24" } });
  const vm = { network_id: network, device_owner: "compute:nova", "binding:host_id": "h1", project_id: MEMBER.project };
  return idOf(box.ask(SERVICE, "POST", "ports", { port: { ...vm, ...said } }));
}
