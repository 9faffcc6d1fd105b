/** What a story is played in: decisions alone, loops over fakes, or a lab with a real kernel and packets. */
import type { Machine } from "#core/intent/offload.ts";
import type { Change, FlowText } from "./story.ts";

export interface Reached {
  /** By family, where both ends have it. */
  readonly family: 4 | 6;
  readonly reaches: boolean;
  /** The source that the receiver saw, or where and why the packet ended. */
  readonly evidence: string;
}

export interface World {
  /** Milliseconds that an expectation is waited for; 0 where the world comes to rest by itself. */
  readonly patience: number;
  change(change: Change): Promise<void>;
  /** Comes to rest: every host has heard of everything and done what it can. */
  settle(): Promise<void>;
  /** What a host holds, one line per object: the kind's name and its text form, with `tap(NAME)` for the tap of a story's port. */
  holdings(host: string): Promise<readonly string[]>;
  /** Undefined where this depth has no status of ports. */
  status(port: string): Promise<string | undefined>;
  reach(from: string, to: string, flow: FlowText): Promise<readonly Reached[]>;
  /** How fast one connection is, in Mbit/s; undefined: nothing holds it back. */
  pace(from: string, to: string): Promise<number | undefined>;
  close(): Promise<void>;
}

/** What the kernel of a host that is a model can do: of two hosts it is another, so that each story is played with both. */
export function machineNamed(host: string): Machine {
  return { offload: host === "h2" };
}
