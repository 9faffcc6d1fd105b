/** Who translates a connection, as the host outside sees it: by the pool of its other end. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { addressesOf } from "#core/intent/pnat-pool.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, must } from "./program.ts";
import { OUTSIDE } from "./topology.ts";

/** The ports outside, from 7001 to 7099, of the connections that come from a gateway's pool. */
export async function translated(lab: Lab, center: DataCenter, gateway: string): Promise<readonly number[]> {
  const pool = center.gateways.find(({ name }) => name === gateway)?.pnat;
  if (pool === undefined) throw new Error(`${gateway} has no pool`);
  const own = addressesOf(pool);
  const asked = ["ss", "-tnH", "state", "established", "( sport >= :7001 and sport <= :7099 )"];
  const lines = (await must(inside(machineNetns(lab, OUTSIDE.name), asked))).split("\n");
  const ours = lines.filter((line) => own.some((ip) => line.includes(`${ip}]:`) || line.includes(` ${ip}:`)));
  return ours.flatMap((line) => Number(/:(70\d\d) /.exec(line)?.[1] ?? [])).toSorted();
}
