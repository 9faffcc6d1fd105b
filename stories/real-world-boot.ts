/** The VMs of a story's ports in a lab. */
import { ask } from "#lab/cloud.ts";
import type { Lab } from "#lab/place.ts";
import { addVm, loseVm, plugVm, removeVm, unplugVm } from "#lab/vm.ts";
import { readVm } from "#lab/vm-record.ts";
import type { Cast, Person } from "./cast.ts";

export async function boot(lab: Lab, cast: Cast, name: string): Promise<void> {
  const { host, network, id: port_id, beside } = personOf(cast, name);
  const wish = { network, groups: [], port_id };
  await (beside === undefined ? addVm(lab, { ...wish, name, host }) : plugVm(lab, beside, wish));
}

/** The port stays. A port that has no VM any more is no trouble. */
export async function unbooted(lab: Lab, cast: Cast, name: string): Promise<void> {
  const { network, beside } = personOf(cast, name);
  if (beside !== undefined) await unplugVm(lab, beside, network);
  else if (readVm(lab, name) !== undefined) await removeVm(lab, name);
}

/** From one host to another without a stop between them, as Nova evacuates: the port is never bound to none. */
export async function rebooted(lab: Lab, cast: Cast, name: string, move: () => Promise<void>): Promise<void> {
  await loseVm(lab, name);
  await move();
  await ask(lab, { method: "PUT", path: `/v2.0/ports/${personOf(cast, name).id}`, body: { port: { device_id: "" } } });
  await boot(lab, cast, name);
}

export function personOf(cast: Cast, name: string): Person {
  const person = cast.people.get(name);
  if (person === undefined) throw new Error(`the story has no port ${name}`);
  return person;
}
