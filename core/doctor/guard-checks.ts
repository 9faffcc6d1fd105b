/** R21: passwords and GTSM of sessions, which must be the same at both ends, and of which BIRD says nothing when they are not. */
import type { DataCenter, Guard } from "../datacenter/data-center.ts";
import type { BgpSession } from "./bird-facts.ts";
import { ofFile, ofMachines, warning, wrong } from "./check.ts";
import type { Check, Found } from "./check.ts";
import type { Counters } from "./facts.ts";
import { few, gatewayNamed, isOutside } from "./places.ts";

/** What the kernel has refused, in words that go on with the number of packets. */
const REFUSED: readonly (readonly [kind: keyof Counters["guarded"], says: string])[] = [
  ["other_password", "with another password than this machine's: the files differ, or one end has not read its own (birdc configure)"],
  ["no_password", "without a password, where this machine has one: the other end is not told password_file, or has not read it"],
  ["unasked_password", "with a password, where this machine has none: the other end has one, or BIRD here has not read the file"],
  ["far", "from farther than one hop (ttl_security): the other end does not say it too, or a router is in between"],
];

export const GUARD_CHECKS: readonly Check[] = [
  {
    id: "R21",
    group: "routing and export",
    title: "both ends of a session have the same password, and the same GTSM",
    remedy:
      "The same password_file on all machines of the fabric, and ttl_security at both ends of the provider's session; then birdc configure on both.",
    looks: [
      ofFile((center) => ({ seen: `fabric: ${guardText(center.fabric.guard)}; ${outsideText(center)}`, findings: [] })),
      ofMachines(["compute", "reflector", "tor", "gateway"], ["bird", "counters"], ({ name, bird, counters }, center) => {
        const down = bird.sessions.filter(({ established }) => !established);
        return { seen: "no session is refused for a password or its distance", findings: refusals(center, name, { down, counters }) };
      }),
    ],
  },
];

interface Down {
  readonly down: readonly BgpSession[];
  readonly counters: Counters;
}

/** The kernel counts since it booted: what it refused before all sessions stood is past. */
function refusals(center: DataCenter, machine: string, { down, counters }: Down): readonly Found[] {
  if (down.length === 0) return [];
  const names = few(down.map(({ name }) => name));
  const counted = REFUSED.flatMap(([kind, says]) => {
    const packets = counters.guarded[kind];
    return packets === 0 ? [] : [wrong(`${names} down, and since this machine booted ${packets} packets were refused that came ${says}`)];
  });
  return counted.length > 0 ? counted : down.flatMap((session) => unanswered(center, machine, session));
}

/** Whoever refuses does not answer: it is there that it is counted. */
function unanswered(center: DataCenter, machine: string, { name, neighbour, info }: BgpSession): readonly Found[] {
  const gateway = gatewayNamed(center, machine);
  const guard = gateway !== undefined && isOutside(gateway, neighbour) ? gateway.upstream.guard : center.fabric.guard;
  if (guard === undefined || !/^(Connect|Active)\s*$/.test(info)) return [];
  const same = guard.password_file === undefined ? "ttl_security" : "the same password";
  return [
    warning(`${name}: ${neighbour} does not answer; it has to have ${same} too, and counts what it refuses: nstat -az 'TcpExtTCPM*' there`),
  ];
}

function guardText(guard: Guard = {}): string {
  const parts = [guard.password_file && `password in ${guard.password_file}`, guard.ttl_security && "GTSM"];
  return parts.filter((part) => part !== undefined).join(", ") || "neither password nor GTSM";
}

function outsideText({ gateways }: DataCenter): string {
  return few(gateways.map(({ name, upstream }) => `${name} outside: ${guardText(upstream.guard)}`));
}
