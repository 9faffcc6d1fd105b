/** Running programs: ip, nft, conntrack, birdc. */

export interface ProgramResult {
  /** Exit status; 127 when the program could not be started, 124 when it took too long and was ended. */
  readonly code: number;
  readonly stdout: string;
  /** The program's own words, in English. */
  readonly stderr: string;
}

/** Runs a program to its end, with `stdin` as its input. Never throws: a program that cannot be started says so in the result. */
export type RunProgram = (argv: readonly string[], stdin?: string) => Promise<ProgramResult>;
