/** Floating IP pools: the IPv4 subnets that floating IPs may be taken from. They follow from networks and subnets. */
import { maySee } from "../policy/may.ts";
import { resource } from "../resource/resource.ts";
import { readQuery } from "../resource/query.ts";
import { render } from "../resource/render.ts";
import { cidr, text, uuid } from "../resource/scalars.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { methodNotAllowed, notFound } from "./refusals.ts";
import { isExternal } from "./sharing.ts";
import { seesNetwork } from "./subnet-decisions.ts";

export const floatingIpPool = resource({
  name: "floatingip_pool",
  plural: "floatingip_pools",
  segment: "floatingip_pools",
  note: "A subnet that floating IPs may be taken from.",
  may: { get: ["admin", "reader@owner"] },
  attributes: {
    subnet_id: { type: uuid, write: "never", note: "The subnet." },
    subnet_name: { type: text(255), write: "never", note: "Its name." },
    network_id: { type: uuid, write: "never", note: "The external network." },
    cidr: { type: cidr, write: "never", note: "The block." },
    project_id: { type: text(255), write: "never", note: "Whoever asks: to each project, the pools are its own." },
  },
});

/** `request.path` begins with `floatingip_pools`. */
export function answerFloatingIpPools(cloud: Cloud, request: ApiRequest): ApiAnswer {
  if (request.path.length > 1) return readAnswer(refused(notFound));
  if (request.method !== "GET") return readAnswer(refused(methodNotAllowed));
  const pools = poolsFor(cloud, request);
  return readAnswer(pools.ok ? ok({ status: 200, body: { [floatingIpPool.plural]: pools.value } }) : pools);
}

function poolsFor(cloud: Cloud, { who, query }: ApiRequest): Result<readonly object[]> {
  const read = readQuery(floatingIpPool, query);
  if (!read.ok) return read;
  const look = { who, target: { owner: who.project }, policy: cloud.settings.policy };
  if (!maySee(floatingIpPool, look)) return ok([]);
  const networks = [...cloud.all("network")].filter((on) => isExternal(cloud, on.id) && seesNetwork(cloud, on, who));
  const subnets = networks.flatMap((on) => [...cloud.by("subnet", "network_id", on.id)]).filter((subnet) => subnet.ip_version === 4);
  const { fields } = read.value;
  return ok(
    subnets.map(({ id: subnet_id, name: subnet_name, network_id, cidr: block }) =>
      render(floatingIpPool, { subnet_id, subnet_name, network_id, cidr: block, project_id: who.project }, { fields, hidden: new Set() }),
    ),
  );
}
