/**
 * `margay …`: one program, several processes. Each command is a file that is loaded only when it is asked for, so that
 * an agent does not carry the controller's libraries, nor a listing the lab's.
 */
import { Command, Help } from "commander";
import type { Option } from "commander";
import type { Word } from "./cli/listing.ts";
import { ownVersion } from "./version.ts";

/** By first word. A command file exports `command()`. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: () => Command }>>> = {
  controller: () => import("./cli/controller.ts"),
  agent: () => import("./cli/agent.ts"),
  settings: () => import("./cli/settings.ts"),
  openapi: () => import("./cli/openapi.ts"),
  backup: () => import("./cli/backup.ts"),
  restore: () => import("./cli/restore.ts"),
  store: () => import("./cli/store.ts"),
  identity: () => import("./cli/identity.ts"),
  policy: () => import("./cli/policy.ts"),
  plan: () => import("./cli/plan.ts"),
  apply: () => import("./cli/apply.ts"),
  gateway: () => import("./cli/gateway.ts"),
  rollout: () => import("./cli/rollout.ts"),
  render: () => import("./cli/render.ts"),
  prove: () => import("./cli/prove.ts"),
  lab: () => import("./cli/lab.ts"),
  verify: () => import("./cli/verify.ts"),
  why: () => import("./cli/why.ts"),
  doctor: () => import("./cli/doctor.ts"),
  demo: () => import("./cli/demo.ts"),
  "net-list": listing("net-list"),
  "net-show": listing("net-show"),
  "subnet-list": listing("subnet-list"),
  "subnet-show": listing("subnet-show"),
  "port-list": listing("port-list"),
  "port-show": listing("port-show"),
};

/** One file holds all listings; each word is a command of its own. */
function listing(word: Word): () => Promise<{ readonly command: () => Command }> {
  return async () => {
    const file = await import("./cli/listing.ts");
    return { command: () => file.listing(word) };
  };
}

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("margay").description("Routed networking for OpenStack").version(ownVersion());
  const [word = ""] = argv;
  const asked = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  const loaders = asked === undefined ? Object.values(COMMANDS) : [asked];
  for (const load of loaders) program.addCommand((await load()).command());
  explained(program);
  await program.parseAsync(argv, { from: "user" });
}

/** Of the command and all below it: the help says which options must be given. */
function explained(command: Command): void {
  command.configureHelp({ optionDescription });
  command.commands.forEach(explained);
}

function optionDescription(option: Option): string {
  return `${new Help().optionDescription(option)}${option.mandatory ? " (required)" : ""}`;
}

/** Whoever reads our output may have seen enough, as `head` has: that ends the command, and is no fault. */
function untilNobodyReads(error: NodeJS.ErrnoException): never {
  if (error.code !== "EPIPE") throw error;
  process.exit();
}

process.stdout.on("error", untilNobodyReads);

await main(process.argv.slice(2));
