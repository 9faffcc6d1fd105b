/** What is decided about port forwardings. */
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { ok, refused } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { isServiced, portOfProject, routerFor } from "./floating-ip-leading.ts";
import { forwardingsGone, forwardingsOf, fixedOf } from "./floating-ip-links.ts";
import * as refusal from "./floating-ip-refusals.ts";
import type { FloatingIp } from "./floating-ip.ts";
import type { NewPortForwarding, PortForwarding, PortForwardingPatch } from "./port-forwarding.ts";
import { collide, onlyPort, rangeOf, sizeOf, textOf } from "./port-range.ts";
import type { Port } from "./port.ts";
import { touched, write } from "./rules.ts";
import type { Ask, Change, Rules } from "./rules.ts";

export const portForwardingDecisions: Rules<"port_forwarding"> = {
  table: "port_forwarding",
  notFound: refusal.forwardingNotFound,
  target: (cloud, row) => targetBelow(cloud, row.floatingip_id),
  targetOfNew: (cloud, _input, { parent = "" }) =>
    cloud.get("floatingip", parent) === undefined ? refused(refusal.floatingIpNotFound(parent)) : ok(targetBelow(cloud, parent)),
  computed: (_cloud, row) => ({ external_port: onlyPort(row.external_port_range), internal_port: onlyPort(row.internal_port_range) }),
  create,
  update,
  delete: (cloud, row, { fresh }): Result<readonly RowWrite[]> => ok(forwardingsGone(cloud, [row], fresh)),
};

/** It has no owner of its own: it is its floating IP's. */
function targetBelow(cloud: Cloud, floatingIpId: string) {
  return { owner: "", parent: cloud.get("floatingip", floatingIpId)?.project_id ?? "" };
}

function create(cloud: Cloud, input: NewPortForwarding, ask: Ask): Result<Change<PortForwarding>> {
  const above = cloud.get("floatingip", ask.parent ?? "");
  if (above === undefined) return refused(refusal.floatingIpNotFound(ask.parent ?? ""));
  const ranges = rangesOf(input, NOTHING_SAID);
  if (!ranges.ok) return ranges;
  const { external_port: _external, internal_port: _internal, ...said } = input;
  return placed(cloud, { row: { ...said, ...ranges.value, id: ask.fresh.uuid(), floatingip_id: above.id }, above, ask });
}

function update(cloud: Cloud, row: PortForwarding, patch: PortForwardingPatch, ask: Ask): Result<Change<PortForwarding>> {
  const above = cloud.get("floatingip", row.floatingip_id);
  if (above === undefined) return refused(refusal.floatingIpNotFound(row.floatingip_id));
  const ranges = rangesOf(patch, row);
  if (!ranges.ok) return ranges;
  const { external_port: _external, internal_port: _internal, ...said } = patch;
  return placed(cloud, { row: { ...row, ...said, ...ranges.value }, above, ask });
}

type Ranges = Pick<PortForwarding, "external_port_range" | "internal_port_range">;
const NOTHING_SAID: Partial<Ranges> = {};

/** Both ranges, each from whichever form was used; what was not said is as before. */
function rangesOf(said: PortForwardingPatch, before: Partial<Ranges>): Result<Ranges> {
  const external = rangeSaid("external_port", {
    one: said.external_port,
    range: said.external_port_range,
    before: before.external_port_range,
  });
  if (!external.ok) return external;
  const internal = rangeSaid("internal_port", {
    one: said.internal_port,
    range: said.internal_port_range,
    before: before.internal_port_range,
  });
  if (!internal.ok) return internal;
  const wrong = wrongRanges(external.value, internal.value);
  return wrong === undefined ? ok({ external_port_range: external.value, internal_port_range: internal.value }) : refused(wrong);
}

interface SaidRange {
  readonly one: number | null | undefined;
  readonly range: string | null | undefined;
  readonly before: string | undefined;
}

function rangeSaid(attribute: string, { one, range, before }: SaidRange): Result<string> {
  const single = typeof one === "number" ? textOf({ first: one, last: one }) : undefined;
  const said = range ?? single ?? before;
  if (said === undefined) return refused(refusal.unsaid(attribute));
  return single !== undefined && single !== said ? refused(refusal.twoWords(attribute)) : ok(said);
}

/** A host keeps one entry for each port that gets another number. */
const MOST_SHIFTED = 1000;

/** All to one port, or each to one of its own. */
function wrongRanges(external: string, internal: string): Refusal | undefined {
  const [outside, inside] = [rangeOf(external), rangeOf(internal)];
  if (sizeOf(inside) === 1) return undefined;
  if (sizeOf(inside) !== sizeOf(outside)) return refusal.unequalRanges;
  return inside.first !== outside.first && sizeOf(inside) > MOST_SHIFTED ? refusal.tooManyShifted(MOST_SHIFTED) : undefined;
}

interface Placing {
  readonly row: PortForwarding;
  /** The floating IP. */
  readonly above: FloatingIp;
  readonly ask: Ask;
}

function placed(cloud: Cloud, { row, above, ask }: Placing): Result<Change<PortForwarding>> {
  // Before anything is told of it.
  const port = portOfProject(cloud, row.internal_port_id, { project: above.project_id, who: ask.who });
  if (!port.ok) return port;
  const wrong = collision(cloud, row) ?? alreadyLed(cloud, row, above);
  if (wrong !== undefined) return refused(wrong);
  if (!isServiced(port.value)) return refused(refusal.notServiced(port.value.id));
  const router = routerOf(cloud, { port: port.value, address: row.internal_ip_address, above });
  if (!router.ok) return router;
  return ok({ row, also: onRouter(cloud, { above, router: router.value, row, fresh: ask.fresh }) });
}

/** No two of one floating IP share a port outside; no two at all share one inside. */
function collision(cloud: Cloud, row: PortForwarding): Refusal | undefined {
  const others = (rows: Iterable<PortForwarding>) => [...rows].filter(({ id, protocol }) => id !== row.id && protocol === row.protocol);
  const inside = others(cloud.by("port_forwarding", "internal_port_id", row.internal_port_id));
  for (const other of inside) {
    if (
      other.internal_ip_address === row.internal_ip_address &&
      collide(rangeOf(other.internal_port_range), rangeOf(row.internal_port_range))
    )
      return refusal.collision("internal_port_range", other.internal_port_range, row.internal_port_range);
  }
  for (const other of others(forwardingsOf(cloud, row.floatingip_id))) {
    if (collide(rangeOf(other.external_port_range), rangeOf(row.external_port_range)))
      return refusal.collision("external_port_range", other.external_port_range, row.external_port_range);
  }
  return undefined;
}

/** A floating IP leads to one port as a whole or to several by their ports; a port that has one of its own needs no other way in. */
function alreadyLed(cloud: Cloud, row: PortForwarding, above: FloatingIp): Refusal | undefined {
  const [port, fixed] = [row.internal_port_id, row.internal_ip_address];
  const [own] = cloud.by("floatingip", "port_id", port);
  if (own !== undefined) return refusal.hasFloatingIp({ ...own, port, fixed });
  return above.port_id === null ? undefined : refusal.alreadyAssociated({ ...above, port, fixed });
}

interface Inside {
  readonly port: Port;
  readonly address: Ip;
  readonly above: FloatingIp;
}

/** The router in between; a floating IP is on one router at most. */
function routerOf(cloud: Cloud, { port, address, above }: Inside): Result<string | null> {
  const family = familyOf(above.floating_ip_address);
  const suitable = fixedOf(port, family);
  if (suitable.length === 0) return refused(refusal.forwardingWithout(port.id, family));
  const fixed = suitable.find((each) => each.ip_address === address);
  if (fixed === undefined) return refused(refusal.unsuitableAddress(address, port.id, JSON.stringify(suitable)));
  const network = above.floating_network_id;
  const router = routerFor(cloud, { network, port, fixed });
  if (!router.ok) return refused(refusal.unreachableForwarding({ network, subnet: fixed.subnet_id, port: port.id, id: above.id }));
  if (above.router_id !== null && above.router_id !== router.value) return refused(refusal.otherRouter(above.id, above.router_id, port.id));
  return router;
}

interface OnRouter {
  readonly above: FloatingIp;
  readonly router: string | null;
  readonly row: PortForwarding;
  readonly fresh: Fresh;
}

/** The floating IP takes the router of its first port forwarding. */
function onRouter(cloud: Cloud, { above, router, row, fresh }: OnRouter): readonly RowWrite[] {
  const first = forwardingsOf(cloud, above.id).every(({ id }) => id === row.id);
  if (!first || above.router_id === router) return [];
  return [write("floatingip", above.id, touched({ ...above, router_id: router }, fresh))];
}
