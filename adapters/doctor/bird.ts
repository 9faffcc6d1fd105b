/** Asks a BIRD what the doctor judges of it, by its socket, as a reader. */
import type { ProgramResult, RunProgram } from "#contracts/program.ts";
import { readPrefixes } from "#core/birdc/answers.ts";
import { readBfd, readRoutes, readSessions } from "#core/doctor/bird-facts.ts";
import type { BirdFacts } from "#core/doctor/bird-facts.ts";
import { silent, told } from "#core/doctor/facts.ts";
import type { Known } from "#core/doctor/facts.ts";
import { wordsOf } from "../programs/programs.ts";
import { batch } from "./batch.ts";

export interface Bird {
  readonly run: RunProgram;
  /** Its control socket. */
  readonly socket: string;
  /** The one of the BIRD that speaks BFD in its place, where there is such. */
  readonly beside: string;
  /** Is a session with this neighbour one with the outside? What is told there is asked for. */
  readonly outside: (neighbour: string) => boolean;
}

export async function birdFacts({ run, socket, beside, outside }: Bird): Promise<Known<BirdFacts>> {
  const ask = async (...questions: readonly string[]) =>
    await batch(
      run,
      questions.map((question) => ["birdc", "-r", "-s", socket, ...question.split(" ")]),
    );
  const [protocols, table] = await ask("show protocols all", "show route all");
  if (protocols === undefined || table === undefined || !isAnswer(protocols) || !isAnswer(table))
    return silent(`BIRD cannot be asked: ${protocols === undefined ? "no answer" : wordsOf(protocols)}`);
  const sessions = readSessions(protocols.stdout);
  // Of a session that is down there is no table: nothing is told by it.
  const names = sessions.filter(({ neighbour, established }) => established && outside(neighbour)).map(({ name }) => name);
  const answers = names.length === 0 ? [] : await ask(...names.map((name) => `show route export '${name}'`));
  const refused = answers.find((answer) => !isAnswer(answer) && !answer.stdout.includes("No valid tables"));
  if (refused !== undefined) return silent(`BIRD does not say what it tells the outside: ${wordsOf(refused)}`);
  // Without the protocol BFD, BIRD says that there is none.
  const bfd = await batch(
    run,
    [socket, beside].map((each) => ["birdc", "-r", "-s", each, "show", "bfd", "sessions"]),
  );
  const exports = Object.fromEntries(names.map((name, at) => [name, readPrefixes(answers[at]?.stdout ?? "")]));
  return told({ sessions, routes: readRoutes(table.stdout), exports, bfd: bfd.flatMap(({ stdout }) => readBfd(stdout)) });
}

/** birdc ends with 0 when BIRD has answered, whatever it said; it greets first. */
function isAnswer({ code, stdout }: ProgramResult): boolean {
  return code === 0 && /^BIRD \S+ ready/.test(stdout);
}
