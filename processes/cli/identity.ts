/** `margay identity …`: the users, projects and roles of the identity service in the controller, in its file. */
import { text as readAll } from "node:stream/consumers";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { readAccountsText } from "#adapters/identity/accounts-file.ts";
import { withPassword, withProject, withRoles, withUser } from "#adapters/identity/accounts-edit.ts";
import type { Edit } from "#adapters/identity/accounts-edit.ts";
import { withCloud } from "#adapters/identity/clouds-yaml.ts";
import { firstFile } from "#adapters/identity/first-file.ts";
import { generatedPassword, hashPassword } from "#adapters/identity/passwords.ts";
import { readIfThere, writeSecret } from "#adapters/identity/secret-file.ts";
import { projectsOf, rolesAt } from "#core/identity/accounts.ts";
import type { Accounts } from "#core/identity/accounts.ts";
import { DEFAULT_REGION } from "#core/identity/layout.ts";
import { CONTROLLER } from "#core/settings/controller.ts";
import { Complaint } from "./client.ts";
import { table } from "./table.ts";

interface FileOptions {
  readonly file: string;
}

interface PasswordOptions {
  readonly passwordStdin?: true;
}

const FILE = CONTROLLER.auth.settings.identity_file.default;

export function command(): Command {
  return new Command("identity")
    .description("Users, projects and roles of the identity service in the controller")
    .addCommand(initCommand())
    .addCommand(listCommand())
    .addCommand(addProjectCommand())
    .addCommand(addUserCommand())
    .addCommand(grantCommand())
    .addCommand(setPasswordCommand())
    .addCommand(
      new Command("hash-password").description("Read a password on standard input; print what is kept of it").action(() => told(printHash)),
    );
}

function inFile(command: Command): Command {
  return command.addOption(new Option("--file <path>", "the identity file").default(FILE));
}

function withPasswordOption(command: Command): Command {
  return command.option("--password-stdin", "read the password on standard input; else one is made, and shown once");
}

interface CloudsOptions {
  readonly url: string;
  readonly cloudsYaml?: string;
}

function withClouds(command: Command): Command {
  return command
    .option("--url <url>", "where clients reach the controller", "http://127.0.0.1:9696")
    .option("--clouds-yaml <path>", "put the password into this clouds.yaml (mode 0600) instead of showing it");
}

interface InitOptions extends FileOptions, CloudsOptions {
  readonly cloud: string;
}

function initCommand(): Command {
  return withClouds(inFile(new Command("init")))
    .description("Write a first file, with a user admin of a project admin, and show how to log in")
    .option("--cloud <name>", "what the cloud is called after --os-cloud", "margay")
    .action((options: InitOptions) => told(() => init(options)));
}

async function init({ file, url, cloud, cloudsYaml }: InitOptions): Promise<void> {
  const path = resolve(file);
  if (readIfThere(path) !== undefined) throw new Complaint(`${path} is there already; nothing has been changed`);
  const clouds = cloudsYaml === undefined ? undefined : resolve(cloudsYaml);
  const first = await firstFile({ cloud, url }, clouds && readIfThere(clouds));
  // First what holds the password: a file whose password nobody knows is of no use.
  if (clouds !== undefined) writeSecret(clouds, first.clouds);
  writeSecret(path, first.identity);
  tell(`${path}: written, with the user admin`);
  if (clouds !== undefined) tellCloud(clouds, cloud);
  else tell(`\nIn clouds.yaml, so that \`openstack --os-cloud ${cloud}\` works; the password is shown this once:\n\n${first.clouds}`);
}

function tellCloud(path: string, cloud: string): void {
  tell(`${path}: the cloud "${cloud}"; try: OS_CLIENT_CONFIG_FILE=${path} openstack --os-cloud ${cloud} token issue`);
}

function listCommand(): Command {
  return inFile(new Command("list"))
    .description("Show projects, and users with their roles")
    .action(({ file }: FileOptions) =>
      told(() => {
        const path = resolve(file);
        tell(listing(accountsIn(path, textOf(path))));
      }),
    );
}

function listing(accounts: Accounts): string {
  const projects = [...accounts.projects.values()].map(({ id, name, domain, enabled }) => [[name], [domain.name], [id], [yes(enabled)]]);
  const users = [...accounts.users.values()].map((user) => {
    const held = projectsOf(accounts, user).map(
      (project) => `${project.name}: ${rolesAt(accounts, user, { kind: "project", id: project.id }).join(", ")}`,
    );
    return [[user.name], [user.domain.name], [user.id], [yes(user.enabled)], held];
  });
  return `${table(["project", "domain", "id", "enabled"], projects)}\n${table(["user", "domain", "id", "enabled", "roles"], users)}`;
}

function yes(enabled: boolean): string {
  return enabled ? "yes" : "no";
}

interface ProjectOptions extends FileOptions {
  readonly domain?: string;
  readonly id?: string;
  readonly description?: string;
}

function addProjectCommand(): Command {
  return inFile(new Command("add-project"))
    .description("Add a project")
    .argument("<name>")
    .option("--domain <name>", "else Default")
    .option("--id <id>", "else one that follows from the name")
    .option("--description <text>")
    .action((name: string, { file, domain, id, description }: ProjectOptions) =>
      told(() => edit(file, withProject({ name, ...(domain && { domain }), ...(id && { id }), ...(description && { description }) }))),
    );
}

interface UserOptions extends FileOptions, PasswordOptions, CloudsOptions {
  readonly cloud?: string;
  readonly domain?: string;
  readonly project?: string;
  readonly role: readonly string[];
}

function addUserCommand(): Command {
  return withClouds(withPasswordOption(inFile(new Command("add-user"))))
    .description("Add a user")
    .argument("<name>")
    .option("--cloud <name>", "what the cloud is called there after --os-cloud; else as the user")
    .option("--domain <name>", "else Default")
    .option("--project <project>", "where the user has the roles")
    .option("--role <role...>", "admin, manager, member, reader, service", ["member"])
    .action((name: string, options: UserOptions) => told(() => addUser(name, options)));
}

async function addUser(name: string, { file, domain, project, role, cloud = name, url, cloudsYaml, ...how }: UserOptions): Promise<void> {
  const { hash, password, shown } = await newPassword(how);
  const roles = project === undefined ? {} : { [project]: role };
  const added = edited(file, withUser({ name, passwordHash: hash, roles, ...(domain && { domain }) }));
  const clouds = cloudsYaml === undefined ? undefined : resolve(cloudsYaml);
  if (clouds !== undefined) {
    if (project === undefined || domain !== undefined)
      throw new Complaint("--clouds-yaml is for users of the domain Default, with --project");
    // First what holds the password, as in a first file.
    writeSecret(clouds, withCloud(readIfThere(clouds) ?? "", { cloud, url, user: name, password, project, region: DEFAULT_REGION }));
  }
  added();
  if (clouds !== undefined) tellCloud(clouds, cloud);
  else if (shown !== undefined) tell(`password: ${shown}`);
}

interface DomainOptions extends FileOptions {
  readonly domain?: string;
}

function grantCommand(): Command {
  return inFile(new Command("grant"))
    .description("Give a user roles in a project, besides those it has there")
    .argument("<user>")
    .argument("<project>")
    .argument("<role...>")
    .option("--domain <name>", "the user's; else Default")
    .action((name: string, project: string, roles: readonly string[], { file, domain }: DomainOptions) =>
      told(() => edit(file, withRoles({ name, ...(domain && { domain }) }, project, roles))),
    );
}

function setPasswordCommand(): Command {
  return withPasswordOption(inFile(new Command("set-password")))
    .description("Give a user another password; tokens that the user has end")
    .argument("<user>")
    .option("--domain <name>", "the user's; else Default")
    .action((name: string, { file, domain, ...how }: DomainOptions & PasswordOptions) =>
      told(async () => {
        const { hash, shown } = await newPassword(how);
        edit(file, withPassword({ name, ...(domain && { domain }) }, hash));
        if (shown !== undefined) tell(`password: ${shown}`);
      }),
    );
}

interface NewPassword {
  readonly hash: string;
  readonly password: string;
  /** Made here, and to be shown once. */
  readonly shown?: string;
}

async function newPassword({ passwordStdin }: PasswordOptions): Promise<NewPassword> {
  const password = passwordStdin ? await passwordFromInput() : generatedPassword();
  return { hash: await hashPassword(password), password, ...(!passwordStdin && { shown: password }) };
}

async function printHash(): Promise<void> {
  tell(await hashPassword(await passwordFromInput()));
}

/** Without the line's end. */
async function passwordFromInput(): Promise<string> {
  const password = (await readAll(process.stdin)).replace(/\r?\n$/, "");
  if (password === "") throw new Complaint("there is no password on standard input");
  return password;
}

function edit(file: string, change: Edit): void {
  edited(file, change)();
}

/** Throws when the change is wrong; what it returns writes it. */
function edited(file: string, change: Edit): () => void {
  const path = resolve(file);
  const text = change(textOf(path));
  return () => {
    writeSecret(path, text);
    tell(`${path}: changed`);
  };
}

function textOf(path: string): string {
  const text = readIfThere(path);
  if (text === undefined) throw new Complaint(`there is no ${path}; \`margay identity init\` writes a first one`);
  return text;
}

function accountsIn(path: string, text: string): Accounts {
  const reading = readAccountsText(path, text);
  if (!reading.ok) throw new Complaint(reading.problems.join("\n"));
  return reading.value;
}

function tell(line: string): void {
  process.stdout.write(`${line.replace(/\n$/, "")}\n`);
}

/** What goes wrong here is the operator's to mend: the reason is told, without a stack. */
async function told(work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
