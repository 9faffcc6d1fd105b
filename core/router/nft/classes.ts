/** All packets there may be, as few as stand for all: what no test of the table, and nothing that is asked of it, tells apart is one. */
import type { Family } from "../../net/address.ts";
import { widthOf } from "../../net/address.ts";
import type { NumberField, Ruleset, Span, Step } from "./model.ts";
import { among } from "./packet.ts";

export interface Classes {
  readonly saddr: readonly (readonly Span[])[];
  readonly daddr: readonly (readonly Span[])[];
  readonly protocols: readonly Protocol[];
}

export interface Protocol {
  readonly l4proto: bigint;
  readonly icmp?: bigint;
}

/** `asked`: what is asked of addresses besides. */
export function classesOf(rules: Ruleset, family: Family, asked: readonly (readonly Span[])[]): Classes {
  const steps = [...rules.chains.values()].flatMap((chain) => chain.rules.flatMap((rule) => rule.steps));
  const of = (field: "saddr" | "daddr") => addressClasses(family, [...testsOf(steps, field, family), ...asked]);
  return { saddr: of("saddr"), daddr: of("daddr"), protocols: protocolsOf(steps, family) };
}

/** What tests of a field ask for; a key of a choice is asked for as well. */
function testsOf(steps: readonly Step[], field: NumberField, family: Family): readonly (readonly Span[])[] {
  return steps.flatMap((step) => {
    if ("choose" in step && step.choose === field && step.family === family && step.mask === undefined)
      return step.cases.map(({ key }) => [key]);
    return "test" in step && step.test === field && (step.family ?? family) === family ? [step.within] : [];
  });
}

/** Intervals between all borders, those together that are in the same of the sets. */
function addressClasses(family: Family, sets: readonly (readonly Span[])[]): readonly (readonly Span[])[] {
  const end = 1n << BigInt(widthOf(family));
  const borders = new Set([0n, end, ...sets.flat().flatMap(({ low, high }) => [low, high + 1n])]);
  const points = [...borders].toSorted((left, right) => (left < right ? -1 : 1));
  const spans = points.slice(0, -1).map((low, at): Span => ({ low, high: (points[at + 1] ?? end) - 1n }));
  return [...Map.groupBy(spans, (span) => sets.map((set) => (among([span], set) === "yes" ? 1 : 0)).join("")).values()];
}

/** What there is of protocols besides those that are named: an odd one. */
const OTHER = 254n;
const [TCP, UDP, SCTP] = [6n, 17n, 132n];

function protocolsOf(steps: readonly Step[], family: Family): readonly Protocol[] {
  const named = (field: NumberField) =>
    steps.flatMap((step) => ("test" in step && step.test === field ? step.within.flatMap(({ low, high }) => [low, high, high + 1n]) : []));
  const icmp = family === 4 ? 1n : 58n;
  const types = new Set([...named(family === 4 ? "icmp type" : "icmpv6 type"), OTHER]);
  const others = new Set([TCP, UDP, SCTP, ...named("l4proto"), OTHER]);
  others.delete(icmp);
  return [...[...others].map((l4proto): Protocol => ({ l4proto })), ...[...types].map((type): Protocol => ({ l4proto: icmp, icmp: type }))];
}
