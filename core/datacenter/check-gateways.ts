/** What must hold of the gateways and their links to the provider, and how the fabric's routes get from one to the other. */
import { contains, prefixOf } from "../net/prefix.ts";
import { FAMILIES, edgeName, isEdge, keyOf, kindsOf } from "./check-addresses.ts";
import { isTranslated } from "./check-pnat.ts";
import type { Declared, DeclaredGateway, DeclaredUpstream } from "./layout.ts";
import { showPath } from "./source.ts";
import type { Path, Source } from "./source.ts";
import { meet, showSpan, spanSize, within } from "./span.ts";
import type { Span } from "./span.ts";

export function checkGateways(declared: Declared, source: Source): void {
  for (const [index, gateway] of (declared.gateways ?? []).entries()) {
    if (gateway?.upstream === undefined) continue;
    const path = ["gateways", index];
    checkUpstream(declared, gateway.upstream, (key, reason) => source.blame([...path, "upstream", ...key], reason));
    if (!["ipv4", "ipv6"].some((key) => source.at([...path, "upstream", key]) !== undefined)) {
      source.blame([...path, "upstream"], "neither ipv4 nor ipv6; there is no session to the outside");
    }
    const pnat = [...path, "pnat"];
    const against = source.blamed(pnat) ? undefined : againstPnat(declared, gateway, source);
    if (against !== undefined) source.blame(pnat, against);
  }
  checkSharedLinks(declared, source);
  const leads4 = (declared.gateways ?? []).map((_, index) => source.at(["gateways", index, "upstream", "ipv4"]) !== undefined);
  if (leads4.length === 0 || leads4.includes(true)) return;
  for (const { path, of } of kindsOf(declared))
    if (of.private !== undefined) source.blame([...path, "private"], "no gateway has upstream.ipv4, so nothing can translate it");
}

/** Who reflects is one or the other: reflectors that nobody connects to are a mistake, not a reserve. */
export function checkPeering({ fabric, reflectors }: Declared, source: Source): void {
  if (fabric?.peering === undefined || reflectors === undefined) return;
  const idle = "reflectors are declared, and nobody would peer with them";
  const against = { reflectors: "there are no reflectors", direct: idle, mesh: idle };
  if ((fabric.peering === "reflectors") === (reflectors.length === 0)) source.blame(["fabric", "peering"], against[fabric.peering]);
}

type Blame = (key: Path, reason: string) => void;

function checkUpstream({ fabric }: Declared, upstream: DeclaredUpstream, blame: Blame): void {
  if (upstream.asn !== undefined && upstream.asn === fabric?.asn) {
    blame(["asn"], "the same as fabric.asn; the session to the provider would be iBGP and carry every internal route");
  }
  if (upstream.interface !== undefined && upstream.interface === fabric?.interface) {
    blame(["interface"], "the same as fabric.interface; then nothing tells inside from outside");
  }
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

/** The gateway holds each address of its pool on a link of its own, to answer for it. This is enough for a /14 of VMs. */
const LARGEST_POOL = 1024n;

/** A private range is translated by every gateway that IPv4 leaves through, into addresses that come back to it. */
function againstPnat(declared: Declared, { upstream, pnat }: DeclaredGateway, source: Source): string | undefined {
  const translates = isTranslated(source);
  const open = kindsOf(declared).flatMap(({ path, of }) =>
    of.public === undefined ? [] : [{ path: [...path, "public"], range: of.public }],
  );
  if (pnat === undefined) {
    return translates && upstream?.ipv4 !== undefined ? "missing; ranges.private has to be translated on its way out here" : undefined;
  }
  if (!translates) return "there is no ranges.private to translate";
  if (spanSize(pnat) > LARGEST_POOL) return `${spanSize(pnat)} addresses; a pool has at most ${LARGEST_POOL}`;
  if (upstream?.ipv4 === undefined) return "upstream.ipv4 is missing, so no IPv4 leaves here";
  if (upstream.ipv4.address === undefined) return undefined;
  const link = prefixOf(upstream.ipv4.address.ip, upstream.ipv4.address.length);
  const home = [link, ...open.map(({ range }) => range)].find((prefix) => within(prefix, pnat));
  if (home !== undefined)
    return isEdge(home, pnat.start) || isEdge(home, pnat.end) ? `holds the network or broadcast address of ${home}` : undefined;
  const inside = open.map(({ path, range }) => ` nor inside ${showPath(path)} ${range}`).join("");
  return `not on the link ${link}${inside}; replies would not come back`;
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
