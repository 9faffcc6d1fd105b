/**
 * What a Linux gateway does with packets, judged by its nftables as text: every kind of packet that the rules or the data centre tell apart,
 * in every state that conntrack may say, by every way that it may take. Private addresses do not leave untranslated, whatever becomes of a
 * flow; and what is to pass, passes.
 */
import type { DataCenter, Gateway } from "../../datacenter/data-center.ts";
import { FAMILIES } from "../../net/address.ts";
import type { Ruleset, State } from "../nft/model.ts";
import { among } from "../nft/packet.ts";
import type { Packet } from "../nft/packet.ts";
import { waysOf } from "../nft/walk.ts";
import type { Journey, Way } from "../nft/walk.ts";
import { claimed } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { classesIn, factsOf, within } from "./filter-facts.ts";
import type { Facts, Spans } from "./filter-facts.ts";
import { packetsOf, told } from "./packets.ts";
import type { Asked } from "./packets.ts";
import { translationClaim } from "./translation.ts";

export interface Filtering {
  readonly dc: DataCenter;
  readonly gateway: Gateway;
  readonly rules: Ruleset;
}

export function filterClaims(filtering: Filtering): readonly Claim[] {
  const { gateway, rules } = filtering;
  const read = claimed(
    {
      about: "read",
      where: `nftables of ${gateway.name}`,
      claim: "every rule of its table was understood",
      evidence: `${rules.chains.size} chains`,
    },
    rules.unread.map(({ line, text, reason }) => `line ${line}: ${text}: ${reason}`),
  );
  return [read, leaving(filtering), ...translationClaim(filtering), entering(filtering), passing(filtering)];
}

const STATES: readonly State[] = ["new", "established", "related", "invalid"];
const FORWARDED: Journey = { hooks: ["prerouting", "forward", "postrouting"], states: STATES };
const OWN: Journey = { hooks: ["output", "postrouting"], states: STATES };

/** An interface that is none of those that are known. */
const ELSEWHERE = "elsewhere";

interface Question extends Asked {
  readonly wrong: Judge;
}

/** What is wrong with the ways of a packet, if anything. */
type Judge = (ways: readonly Way[], packet: Packet) => Wrong | undefined;

interface Wrong {
  readonly way: Way;
  readonly why: string;
}

/** Of each family, what is asked, and what speaks against it. */
function searched({ dc, gateway, rules }: Filtering, ask: (facts: Facts) => readonly Question[]) {
  let count = 0;
  const against = FAMILIES.flatMap((family) => {
    const facts = factsOf(dc, gateway, family);
    const classes = classesIn(rules, facts);
    return ask(facts).flatMap(({ wrong: judge, ...asked }) => {
      const packets = packetsOf(classes, family, asked);
      count += packets.length;
      return told(
        packets.flatMap((packet) => {
          const wrong = judge(waysOf(rules, packet, asked.iifname === undefined ? OWN : FORWARDED), packet);
          return wrong === undefined ? [] : [{ packet, state: wrong.way.packet.state, why: wrong.why }];
        }),
      );
    });
  });
  return { against, evidence: `${count} kinds of packets, in every state` };
}

const accepted = (ways: readonly Way[]): readonly Way[] => ways.filter(({ end }) => end === "accept");

const found = (way: Way | undefined, why: string): Wrong | undefined => way && { way, why };

/** Whatever comes by any interface, or is the gateway's own, and goes to the provider. */
function leaving(filtering: Filtering): Claim {
  const { gateway } = filtering;
  const { against, evidence } = searched(filtering, ({ uplink, fabric, closed, announced, pool, local, spared }) => {
    const known = [...announced, ...pool, ...local];
    const isSpared = ({ iifname, saddr, daddr }: Packet) =>
      (iifname === undefined || fabric.includes(iifname)) && among(saddr, closed) === "yes" && among(daddr, spared) === "yes";
    const wrong: Judge = (ways) =>
      found(
        accepted(ways).find(({ packet }) => among(packet.saddr, known) !== "yes" && !isSpared(packet)),
        "may leave from an address that the outside does not know",
      );
    const from = (iifname: string) => ({ iifname, oifname: uplink, wrong });
    return [...fabric.map(from), from(uplink), from(ELSEWHERE), { oifname: uplink, wrong }];
  });
  const claim = "nothing leaves, in whatever state, but from addresses that the outside knows: announced, of the pool, its own";
  return claimed({ about: "packets", where: `${gateway.name} → ${gateway.upstream.interface}`, claim, evidence }, against);
}

function entering(filtering: Filtering): Claim {
  const { dc, gateway } = filtering;
  const cone = dc.pnat?.filtering !== undefined;
  const { against, evidence } = searched(filtering, ({ uplink, fabric, inside, closed, spared }) => {
    const wrong: Judge = (ways, { saddr, daddr }) => {
      const [first, ...more] = accepted(ways);
      if (among(saddr, inside) !== "no") return found(first, "is believed, though the address is our own");
      if (among(daddr, closed) !== "no" && among(saddr, spared) !== "yes") return found(first, "reaches a private address");
      return cone
        ? undefined
        : found(
            [first, ...more].find((way) => way?.packet.redirected === "yes"),
            "is led to wherever a rule says",
          );
    };
    return [...fabric, ELSEWHERE].map((oifname) => ({ iifname: uplink, oifname, wrong }));
  });
  const claim = "nobody outside reaches a private address but by a flow that began inside, or speaks as one of ours";
  return claimed({ about: "packets", where: `${gateway.name} ← ${gateway.upstream.interface}`, claim, evidence }, against);
}

/** Conntrack is not asked of them, so it does not matter by which gateway the first packet of a flow went. */
function passing(filtering: Filtering): Claim {
  const { gateway } = filtering;
  const { against, evidence } = searched(filtering, ({ uplink, fabric, announced, inside, pool, closed, spared }) => {
    const ours = [...inside, ...pool];
    const outside = (spans: Spans) => among(spans, ours) === "no";
    const open = (spans: Spans) => among(spans, announced) === "yes" && among(spans, pool) === "no";
    const wrong: Judge = (ways, { saddr }) =>
      found(
        ways.find(({ end, packet }) => end === "drop" || packet.saddr !== saddr),
        "may not pass as it is",
      );
    return fabric.flatMap((link) => {
      const [inwards, outwards] = [
        { iifname: uplink, oifname: link, wrong },
        { iifname: link, oifname: uplink, wrong },
      ];
      return [
        { ...inwards, saddr: outside, daddr: open },
        { ...outwards, saddr: open, daddr: outside },
        { ...inwards, saddr: within(spared), daddr: within(closed) },
        { ...outwards, saddr: within(closed), daddr: within(spared) },
      ];
    });
  });
  const claim = "what is announced passes both ways as it is, and private addresses from and to where they are known";
  return claimed({ about: "packets", where: gateway.name, claim, evidence }, against);
}
