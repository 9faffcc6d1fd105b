/** Both ends of every session must say the same of it; and each router has exactly the sessions of the data centre. */
import { sessionsOf } from "../../datacenter/sessions.ts";
import type { Session, Speaker as End } from "../../datacenter/sessions.ts";
import { watchedBy } from "../../intent/bfd.ts";
import type { ReadNeighbor } from "../platform.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { strangerName } from "./outside.ts";
import { undeclared } from "./site.ts";
import type { Link, Site, Speaker } from "./site.ts";

export function endsClaims(site: Site): readonly Claim[] {
  const against = site.links.flatMap((link) =>
    disagreements(site, link).map((reason) => `${link.session.near.name} – ${link.session.far.name}: ${reason}`),
  );
  const strangers = [...site.speakers.values()].flatMap((speaker) =>
    undeclared(site, speaker).map((neighbor) => `${speaker.name} speaks with ${strangerName(neighbor)}`),
  );
  return [
    claimed(
      {
        about: "ends",
        where: "every session",
        claim: "both ends agree: addresses, AS numbers, families, timers, BFD, password, GTSM, who connects, who is whose client",
        evidence: `${sessionsOf(site.dc).length} sessions`,
      },
      [...against, ...strangers],
    ),
  ];
}

function disagreements(site: Site, { session, near, far }: Link): readonly string[] {
  const { near: nearEnd, far: farEnd } = session;
  const knows = (end: End) => site.speakers.has(end.name);
  const missing = [
    ...(near === undefined && knows(nearEnd) ? [`${nearEnd.name} has no such session`] : []),
    ...(far === undefined && knows(farEnd) ? [`${farEnd.name} has no such session`] : []),
  ];
  const alone = [
    ...(near === undefined ? [] : oneEnd(session, near, [nearEnd, farEnd])),
    ...(far === undefined ? [] : oneEnd(session, far, [farEnd, nearEnd])),
  ];
  return [
    ...missing,
    ...alone,
    ...(near === undefined || far === undefined ? [] : [...bothEnds(session, near, far), ...watching(site, session, [near, far])]),
  ];
}

/** Against what the data centre declares. */
function oneEnd({ kind, carries }: Session, said: ReadNeighbor, [own, other]: readonly [End, End]): readonly string[] {
  const differs = (what: string, have: unknown, want: unknown) =>
    have === undefined || want === undefined || have === want
      ? []
      : [`${own.name} says ${what} ${String(have)} instead of ${String(want)}`];
  const reflects = kind.endsWith(" client");
  const families = said.families
    .map(({ family }) => family)
    .toSorted()
    .join(" and ");
  return [
    ...differs("neighbour", said.address, other.ip),
    ...differs("own address", said.local, own.ip),
    ...(said.asn === undefined ? [`${own.name} names no AS of its neighbour`] : differs("neighbour's AS", said.asn, other.asn)),
    ...differs("own AS", said.localAsn, own.asn),
    ...differs("families IPv", families, carries.toSorted().join(" and ")),
    ...said.families.flatMap(({ family, client }) => (reflects ? [] : differs(`IPv${family} reflector client`, client, "no"))),
  ];
}

function bothEnds({ kind, near: nearEnd, far: farEnd }: Session, near: ReadNeighbor, far: ReadNeighbor): readonly string[] {
  const same = (what: string, one: unknown, other: unknown) =>
    one === other ? [] : [`${what}: ${nearEnd.name} says ${String(one ?? "nothing")}, ${farEnd.name} ${String(other ?? "nothing")}`];
  const clients = far.families
    .filter(({ client }) => client === "no")
    .map(({ family }) => `${farEnd.name} does not reflect IPv${family} to ${nearEnd.name}`);
  return [
    ...same("hold time", near.timers.hold, far.timers.hold),
    ...same("keepalive time", near.timers.keepalive, far.timers.keepalive),
    ...same("password", near.password, far.password),
    ...same("GTSM", near.gtsm, far.gtsm),
    ...same("graceful restart", near.gracefulRestart, far.gracefulRestart),
    ...(near.connects === "passive" && far.connects === "passive" ? ["both ends wait for the other to connect"] : []),
    ...(kind.endsWith(" client") ? clients : []),
  ];
}

/** Whoever speaks BFD is answered by the other end: on the session itself, or by a process of its own beside a BIRD. */
function watching(
  site: Site,
  { near: nearEnd, far: farEnd }: Session,
  [near, far]: readonly [ReadNeighbor, ReadNeighbor],
): readonly string[] {
  const speaks = (own: End, other: End, said: ReadNeighbor) => said.bfd !== undefined || speaksBeside(site, own, other);
  const [here, there] = [speaks(nearEnd, farEnd, near), speaks(farEnd, nearEnd, far)];
  if (here === there) return [];
  const [watcher, silent] = here ? [nearEnd, farEnd] : [farEnd, nearEnd];
  return [`BFD: ${watcher.name} watches ${silent.name}, which does not answer`];
}

function speaksBeside({ dc, speakers }: Site, own: End, other: End): boolean {
  const isBird = speakers.get(own.name)?.platform.name === "bird";
  return isBird && watchedBy(dc, own.name).some(({ name }) => name === other.name);
}

/** Each line that was not understood: nothing that depends on it is proven. */
export function readClaim({ name, read, platform }: Speaker): Claim {
  return claimed(
    {
      about: "read",
      where: name,
      claim: `every line of its ${platform.name} configuration about routes was understood`,
      evidence: `${read.neighbors.length} neighbours, ${read.policies.length} policies`,
    },
    [...read.unread.map(({ line, text, reason }) => `line ${line}: ${text}: ${reason}`), ...unnamed(read)],
  );
}

/** Policies that are named and stand nowhere. */
function unnamed({ neighbors, policies, enters }: Speaker["read"]): readonly string[] {
  const known = new Set(policies.map(({ name }) => name));
  const named = [
    ...neighbors.flatMap(({ families }) => families.flatMap((family) => [...family.import, ...family.export])),
    ...enters.flatMap((entry) => ("policy" in entry && entry.policy !== undefined ? [entry.policy] : [])),
  ];
  return [...new Set(named)].filter((name) => !known.has(name)).map((name) => `policy ${name} is named and not defined`);
}
