/** `npm run bench host`: what a compute host takes for what it does. Each part is a file beside this one, and builds and removes what it needs. */
import type { Bench, Figure } from "../figure.ts";
import { dhcp } from "./dhcp.ts";
import { forwarding } from "./forwarding.ts";
import { forwardingInDebian } from "./forwarding-debian.ts";
import { handovers } from "./handover.ts";
import { kernel } from "./kernel.ts";
import { latency } from "./latency.ts";
import { members } from "./members.ts";
import { metadata } from "./metadata.ts";
import { migrations } from "./migration.ts";
import { restart } from "./restart.ts";

/** By name, in the order in which they run: `npm run bench host/latency` is one alone. */
export const PARTS: Readonly<Record<string, Bench>> = {
  kernel,
  forwarding,
  "forwarding-debian": forwardingInDebian,
  migration: migrations,
  handover: handovers,
  latency,
  members,
  restart,
  metadata,
  dhcp,
};

export const host: Bench = async (say, options) => {
  const figures: Figure[] = [];
  for (const part of Object.values(PARTS)) figures.push(...(await part(say, options)));
  return figures;
};
