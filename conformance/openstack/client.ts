/** The `openstack` client, at the hands of people with an account. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestCloud } from "../place/cloud.ts";
import { MORTAL, within } from "../place/program.ts";
import type { Ran } from "../place/program.ts";
import { pythonPrograms } from "../place/python.ts";

const ONE_BY_ONE = fileURLToPath(new URL("one_by_one.py", import.meta.url));
/** One command, on a machine that does ten other things. */
const SECONDS = 60;

export type Fields = Readonly<Record<string, unknown>>;

/** Commands are written as on a command line; no word has spaces in it. */
export interface Operator {
  /** What is printed, as it is; throws the client's own words when it fails. */
  prints(command: string): Promise<string>;
  /** One object. */
  shows(command: string): Promise<Fields>;
  /** The rows of a list. */
  lists(command: string): Promise<readonly Fields[]>;
  /** What the client says when it fails; throws when it does not. */
  refused(command: string): Promise<string>;
}

/** Who logs in as whom: by the name of an entry in clouds.yaml. */
export interface Login {
  readonly user: string;
  readonly project: string;
  readonly password: string;
}

/** One operator for each login. */
export async function openstackClient<Name extends string>(
  t: TestContext,
  cloud: TestCloud,
  logins: Readonly<Record<Name, Login>>,
): Promise<Readonly<Record<Name, Operator>>> {
  const file = join(cloud.home, "clouds.yaml");
  const entries = Object.entries<Login>(logins);
  const clouds = Object.fromEntries(entries.map(([name, login]) => [name, entryOf(cloud, login)]));
  writeFileSync(file, JSON.stringify({ clouds }), { mode: 0o600 });
  const run = await runner(t, { OS_CLIENT_CONFIG_FILE: file, HOME: cloud.home });
  const operators = entries.map(([name]) => [name, operator((argv) => run(name, argv))] as const);
  // The same names as before; the compiler loses them on the way.
  return Object.fromEntries(operators) as Record<Name, Operator>;
}

function entryOf({ identityUrl }: TestCloud, { user, project, password }: Login): object {
  const auth = { auth_url: identityUrl, username: user, password, project_name: project };
  return {
    auth: { ...auth, user_domain_name: "Default", project_domain_name: "Default" },
    region_name: "RegionOne",
    identity_api_version: 3,
  };
}

type Run = (cloud: string, argv: readonly string[]) => Promise<Ran>;

async function runner(t: TestContext, env: Readonly<Record<string, string>>): Promise<Run> {
  const bin = await pythonPrograms();
  const argv = [...MORTAL.slice(1), join(bin, "python"), ONE_BY_ONE];
  const child = spawn(MORTAL[0], argv, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const answers = createInterface({ input: child.stdout });
  return async (cloud, words) => {
    const line = once(answers, "line");
    child.stdin.write(`${JSON.stringify({ cloud, argv: words })}\n`);
    const [answer] = await within(SECONDS, `openstack ${words.join(" ")}`, line);
    // As one_by_one.py prints it.
    return JSON.parse(String(answer)) as Ran;
  };
}

function operator(run: (argv: readonly string[]) => Promise<Ran>): Operator {
  const prints = async (command: string) => {
    const { code, stdout, stderr } = await run(command.split(" "));
    if (code !== 0) throw new Error(`openstack ${command}: ${stderr}`);
    return stdout;
  };
  // What the client prints with `-f json`: an object, or a list of them.
  const printed = async <T>(command: string) => JSON.parse(await prints(`${command} -f json`)) as T;
  return {
    prints,
    shows: async (command) => await printed<Fields>(command),
    lists: async (command) => await printed<readonly Fields[]>(command),
    refused: async (command) => {
      const { code, stdout, stderr } = await run(command.split(" "));
      if (code === 0) throw new Error(`openstack ${command} was not refused: ${stdout}`);
      return stderr;
    },
  };
}
