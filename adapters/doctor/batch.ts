/** Several programs by one shell, one after the other: to start one costs more than most of them take. */
import type { ProgramResult, RunProgram } from "#contracts/program.ts";

/** Ends what a program has said, on both of its streams: no text of theirs has this character. */
const END = "\x1e";

/** Seconds that each may take. */
const PATIENCE = 5;

/** A result for each, as if it had been run by itself. What takes too long is ended (124), and the next is run. */
export async function batch(
  run: RunProgram,
  programs: readonly (readonly string[])[],
  seconds: number = PATIENCE,
): Promise<readonly ProgramResult[]> {
  const script = programs
    .map(
      (argv) => `${["timeout", String(seconds), ...argv].map(quoted).join(" ")}; printf '${"\\036"}%d\\n' $?; printf '${"\\036"}\\n' >&2`,
    )
    .join("\n");
  const whole = await run(["sh", "-c", script]);
  const [out, err] = [whole.stdout.split(END), whole.stderr.split(END)];
  return programs.map((_, at) => {
    // The shell itself may have failed, or have been ended on the way.
    const status = /^(\d+)\n/.exec(out[at + 1] ?? "")?.[1];
    if (status === undefined) return { code: whole.code === 0 ? 1 : whole.code, stdout: "", stderr: (err.at(-1) ?? "").trim() };
    return { code: Number(status), stdout: body(out[at] ?? "", at), stderr: body(err[at] ?? "", at) };
  });
}

/** What comes first is the end of the one before: its status, and the line's end. */
function body(text: string, at: number): string {
  return at === 0 ? text : text.slice(text.indexOf("\n") + 1);
}

/** For the shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
