/**
 * Taking the subnets of a network into a pool as if they had been cut out of it: their blocks become part of its prefixes.
 * Who does it must be allowed to change these subnets, not only the pool.
 */
import { overlaps } from "../net/prefix.ts";
import { mayNot } from "../policy/may.ts";
import type { Who } from "../policy/who.ts";
import { isObject } from "../resource/composites.ts";
import { refusalOf } from "../resource/read.ts";
import { uuid } from "../resource/scalars.ts";
import { isWrong } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import { invalidInput, networkNotFound } from "./refusals.ts";
import { touched, write } from "./rules.ts";
import type { Acted, Acting } from "./rules.ts";
import { seesNetwork, subnetDecisions } from "./subnet-decisions.ts";
import { subnet } from "./subnet.ts";
import type { Subnet } from "./subnet.ts";
import { changedPool } from "./subnetpool-checks.ts";
import { wrongPoolUpdate } from "./subnetpool-refusals.ts";
import type { Subnetpool } from "./subnetpool.ts";

/** `onboard_network_subnets`; answers the subnets with their blocks. */
export function onboard(cloud: Cloud, row: Subnetpool, { body, ...ask }: Acting): Result<Acted<Subnetpool>> {
  const on = networkIn(cloud, body, ask.who);
  if (!on.ok) return on;
  const subnets = [...cloud.by("subnet", "network_id", on.value)].filter(({ ip_version: family }) => family === row.ip_version);
  const wrong = wrongSubnets(cloud, { pool: row, subnets }, ask.who);
  if (wrong !== undefined) return refused(wrong);
  const patch = { prefixes: [...row.prefixes, ...subnets.map(({ cidr }) => cidr)] };
  const changed = changedPool(cloud, { row, patch }, ask);
  if (!changed.ok) return changed;
  const also = subnets.map((one) => write("subnet", one.id, touched({ ...one, subnetpool_id: row.id }, ask.fresh)));
  return ok({ row: changed.value, also, answer: subnets.map(({ id, cidr }) => ({ id, cidr })) });
}

function networkIn(cloud: Cloud, body: unknown, who: Who): Result<string> {
  const said = isObject(body) ? body["network_id"] : undefined;
  if (said === undefined || said === null) return refused(invalidInput("network_id must be specified"));
  const id = uuid.read(said);
  if (isWrong(id)) return refused(refusalOf("network_id", id));
  const network = cloud.get("network", id.value);
  return network !== undefined && seesNetwork(cloud, network, who) ? ok(id.value) : refused(networkNotFound(id.value));
}

interface Onboarding {
  readonly pool: Subnetpool;
  readonly subnets: readonly Subnet[];
}

function wrongSubnets(cloud: Cloud, { pool, subnets }: Onboarding, who: Who): Refusal | undefined {
  const cut = [...cloud.by("subnet", "subnetpool_id", pool.id)];
  for (const one of subnets) {
    const target = subnetDecisions.target(cloud, one, who);
    const denied = mayNot(subnet, { verb: "update", who, target, policy: cloud.settings.policy });
    if (denied !== undefined) return denied;
    if (cut.some(({ cidr }) => overlaps(cidr, one.cidr)))
      return wrongPoolUpdate(`Onboarding subnet ${one.id}: ${one.cidr} conflicts with allocated prefixes in subnet pool ${pool.id}`);
  }
  return undefined;
}
