/** What must hold of the gateways and their links to the provider, and how the fabric's routes get from one to the other. */
import { contains, prefixOf } from "../net/prefix.ts";
import { FAMILIES, edgeName, isEdge, keyOf } from "./check-addresses.ts";
import type { Declared, DeclaredGateway } from "./layout.ts";
import { showPath } from "./source.ts";
import type { Path, Source } from "./source.ts";
import { meet, showSpan, within } from "./span.ts";
import type { Span } from "./span.ts";

export function checkGateways(declared: Declared, source: Source): void {
  for (const [index, gateway] of (declared.gateways ?? []).entries()) {
    if (gateway === undefined) continue;
    const path = ["gateways", index];
    checkUpstream(declared, gateway, (key, reason) => source.blame([...path, "upstream", ...key], reason));
    checkPnat({ declared, gateway, path }, source);
  }
  checkSharedLinks(declared, source);
  const [ranges, gateways] = [declared.ranges, declared.gateways ?? []];
  if (
    ranges?.private !== undefined &&
    gateways.length > 0 &&
    gateways.every((gateway) => gateway?.upstream !== undefined && gateway.upstream.ipv4 === undefined)
  ) {
    source.blame(["ranges", "private"], "no gateway has upstream.ipv4, so nothing can translate it");
  }
}

export function checkPeering({ fabric, reflectors }: Declared, source: Source): void {
  if (fabric?.peering === "reflectors" && reflectors?.length === 0) source.blame(["fabric", "peering"], "there are no reflectors");
}

type Blame = (key: Path, reason: string) => void;

function checkUpstream({ fabric }: Declared, { upstream }: DeclaredGateway, blame: Blame): void {
  if (upstream === undefined) return;
  if (upstream.asn !== undefined && upstream.asn === fabric?.asn) {
    blame(["asn"], "the same as fabric.asn; the session to the provider would be iBGP and carry every internal route");
  }
  if (upstream.interface !== undefined && upstream.interface === fabric?.interface) {
    blame(["interface"], "the same as fabric.interface; then nothing tells inside from outside");
  }
  if (upstream.ipv4 === undefined && upstream.ipv6 === undefined) blame([], "neither ipv4 nor ipv6; there is no session to the outside");
  for (const family of FAMILIES) {
    const session = upstream[keyOf(family)];
    if (session?.address === undefined) continue;
    const [local, link] = [session.address.ip, prefixOf(session.address.ip, session.address.length)];
    if (isEdge(link, local)) blame([keyOf(family), "address"], `${edgeName(local)} of ${link}`);
    if (session.peer === undefined) continue;
    if (session.peer === local) blame([keyOf(family), "peer"], "the gateway's own address");
    else if (!contains(link, session.peer)) blame([keyOf(family), "peer"], `outside the link to it, ${link}`);
    else if (isEdge(link, session.peer)) blame([keyOf(family), "peer"], `${edgeName(session.peer)} of ${link}`);
  }
}

interface AtGateway {
  readonly declared: Declared;
  readonly gateway: DeclaredGateway;
  readonly path: Path;
}

/** A private range is translated by every gateway that IPv4 leaves through, into addresses that come back to it. */
function checkPnat({ declared: { ranges }, gateway: { upstream, pnat }, path }: AtGateway, source: Source): void {
  const at = [...path, "pnat"];
  if (source.blamed(at) || source.blamed(["ranges", "private"]) || upstream === undefined) return;
  if (pnat === undefined) {
    if (ranges?.private !== undefined && upstream.ipv4 !== undefined) {
      source.blame(at, `missing; ranges.private ${ranges.private} has to be translated on its way out here`);
    }
  } else if (ranges?.private === undefined) source.blame(at, "there is no ranges.private to translate");
  else if (upstream.ipv4 === undefined) {
    if (!source.blamed([...path, "upstream", "ipv4"])) source.blame([...path, "upstream", "ipv4"], "missing; pnat sends IPv4 out here");
  } else if (upstream.ipv4.address !== undefined) {
    const link = prefixOf(upstream.ipv4.address.ip, upstream.ipv4.address.length);
    const home = [link, ranges.public].find((prefix) => prefix !== undefined && within(prefix, pnat));
    if (home === undefined)
      source.blame(
        at,
        `neither on the link to the provider ${link}${ranges.public === undefined ? "" : ` nor inside ranges.public ${ranges.public}`}; replies would not come back`,
      );
    else if (isEdge(home, pnat.start) || isEdge(home, pnat.end)) source.blame(at, `holds the network or broadcast address of ${home}`);
  }
}

/** On one link, each address stands for one thing: a gateway, the provider, or translated connections of one gateway. */
function checkSharedLinks({ gateways }: Declared, source: Source): void {
  const claims = (gateways ?? []).flatMap((gateway, index) => (gateway === undefined ? [] : claimsOf(gateway, index)));
  for (const [order, claim] of claims.entries()) {
    const hit = claims.slice(0, order).find((other) => meet(claim.span, other.span) && !compatible(claim, other));
    if (hit !== undefined)
      source.blame(claim.path, `${claim.what === "pnat" ? "overlaps" : "already"} ${showPath(hit.path)} ${showSpan(hit.span)}`);
  }
}

interface Claim {
  readonly what: "local" | "peer" | "pnat";
  readonly owner: number;
  readonly path: Path;
  readonly span: Span;
}

function claimsOf({ upstream, pnat }: DeclaredGateway, owner: number): readonly Claim[] {
  const sessions = FAMILIES.flatMap((family) => {
    const { address, peer } = upstream?.[keyOf(family)] ?? {};
    const path = ["gateways", owner, "upstream", keyOf(family)];
    return [
      ...(address === undefined
        ? []
        : [{ what: "local", owner, path: [...path, "address"], span: { start: address.ip, end: address.ip } } as const]),
      ...(peer === undefined ? [] : [{ what: "peer", owner, path: [...path, "peer"], span: { start: peer, end: peer } } as const]),
    ];
  });
  return [...sessions, ...(pnat === undefined ? [] : [{ what: "pnat", owner, path: ["gateways", owner, "pnat"], span: pnat } as const])];
}

/** Gateways share a provider; and a gateway with no address to spare may translate into its own. */
function compatible(one: Claim, other: Claim): boolean {
  if (one.what === "peer" && other.what === "peer") return true;
  return one.owner === other.owner && (one.what === "local" || other.what === "local");
}
