/** Nova's side of a live migration, call by call (nova/network/neutron.py: bind_ports_to_host, migrate_instance_start, setup_networks_on_host). */
import { ask } from "./cloud.ts";
import type { CloudPort } from "./cloud.ts";
import type { MovingGuest } from "./moving-guest.ts";
import { tapOf } from "./nova.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { run } from "./program.ts";
import { until } from "./wait.ts";

export interface Way {
  readonly from: string;
  readonly to: string;
}

export interface Migration {
  /** The new host is bound, its tap is there, and it has everything ready. */
  prepare(way: Way): Promise<void>;
  /** Nova takes note that the VM has come; the former host loses its tap and its binding. */
  complete(way: Way): Promise<void>;
  /** Nova gives it up: the new host loses both. */
  giveUp(way: Way): Promise<void>;
}

export function migration(lab: Lab, port: CloudPort, guest: MovingGuest): Migration {
  const bindings = `/v2.0/ports/${port.id}/bindings`;
  const leave = async (host: string) => {
    await guest.unplug(host);
    await ask(lab, { method: "DELETE", path: `${bindings}/${host}` });
  };
  return {
    prepare: async ({ to }) => {
      await ask(lab, { method: "POST", path: bindings, body: { binding: { host: to } } });
      await guest.plug(to);
      await until({ what: `${to} to have everything ready`, timeout: 20_000 }, () => lacking(lab, port, to));
    },
    complete: async ({ from, to }) => {
      await ask(lab, { method: "PUT", path: `${bindings}/${to}/activate` });
      await leave(from);
    },
    giveUp: ({ to }) => leave(to),
  };
}

/** Routes come last, when all else stands. */
async function lacking(lab: Lab, port: CloudPort, host: string): Promise<string | undefined> {
  for (const { ip_address: ip } of port.fixed_ips) {
    const { stdout } = await run([
      "ip",
      ip.includes(":") ? "-6" : "-4",
      "-n",
      machineNetns(lab, host),
      "route",
      "show",
      ip,
      "dev",
      tapOf(port.id),
    ]);
    if (stdout === "") return `no route to ${ip}`;
  }
  return undefined;
}
