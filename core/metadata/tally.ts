/** What became of questions for metadata: counted by outcome, told in the agent's state. */

export const OUTCOMES = [
  /** Nova answered: with what was asked for, that there is none, or that something is wrong with it. */
  "answered",
  "refused",
  "failed",
  /** More than the VM may ask for in a while, or at once. */
  "limited",
  /** Nobody here has that address, or the port is no server's. */
  "unknown",
  /** Not as such a question has to be. */
  "invalid",
  /** The agent was told of no metadata API. */
  "unconfigured",
  "unreachable",
  "late",
  /** The VM went away before its answer was whole. */
  "abandoned",
] as const;

export type Outcome = (typeof OUTCOMES)[number];
export type Tally = Readonly<Record<Outcome, number>>;

export const NONE_YET: Tally = {
  answered: 0,
  refused: 0,
  failed: 0,
  limited: 0,
  unknown: 0,
  invalid: 0,
  unconfigured: 0,
  unreachable: 0,
  late: 0,
  abandoned: 0,
};

/** By the status that Nova answered with. */
export function outcomeOf(status: number): Outcome {
  if (status >= 500) return "failed";
  return status >= 400 ? "refused" : "answered";
}
