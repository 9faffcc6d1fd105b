/**
 * `margay …`: one program, several processes. Each command is a file that is loaded only when it is asked for, so that
 * an agent does not carry the controller's libraries, nor a listing the lab's.
 */
import { Command } from "commander";

/** By first word. A command file exports `command()`. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: () => Command }>>> = {
  plan: () => import("./cli/plan.ts"),
};

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("margay").description("Routed networking for OpenStack");
  const asked = COMMANDS[argv[0] ?? ""];
  const loaders = asked === undefined ? Object.values(COMMANDS) : [asked];
  for (const load of loaders) program.addCommand((await load()).command());
  await program.parseAsync(argv, { from: "user" });
}

await main(process.argv.slice(2));
