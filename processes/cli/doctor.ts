/** `margay doctor`: everything that is known to go wrong with such a cloud, looked for; and what to do about what is found. */
import { Command } from "commander";
import { reasonOf } from "#adapters/linux/errors.ts";
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import { CHECKS } from "#core/doctor/checks.ts";
import { examine, fixesIn } from "#core/doctor/examine.ts";
import type { Diagnosis } from "#core/doctor/examine.ts";
import type { Facts } from "#core/doctor/facts.ts";
import { checksTable } from "#core/doctor/table.ts";
import { AGENT } from "#core/settings/agent.ts";
import { controllerSocket, labNamed } from "#lab/place.ts";
import { standing } from "#lab/standing.ts";
import { Complaint, endpointOf } from "./client.ts";
import { confirmed } from "./apply.ts";
import { complaining } from "./complaining.ts";
import { factsHere, labFacts } from "./doctor-ask.ts";
import { fixAll, safeOf } from "./doctor-fix.ts";
import type { Hands } from "./doctor-fix.ts";
import { handsHere, labHands } from "./doctor-hands.ts";
import { diagnosesText, fixText } from "./doctor-text.ts";

export interface DoctorOptions {
  readonly url?: string;
  readonly state?: string;
  readonly lab?: string;
  readonly host?: string;
  readonly only?: string;
  readonly evidence?: true;
  readonly json?: true;
  readonly fix?: true;
  readonly yes?: true;
}

/** How the command ends, besides 0. */
const STATUS = { wrong: 1, wrongFile: 2 } as const;

export function command(): Command {
  return doctorOptions(new Command("doctor"))
    .description(
      "Look for everything that is known to go wrong, and say what to do: in the file, the cloud, and the machines that can be asked",
    )
    .argument("[file]", "datacenter.yaml: what is declared; else what was applied")
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT")
    .option("--state <directory>", "state directory of the agent on this machine; else MARGAY_STATE, else the agent's default")
    .option("--lab <lab>", "all machines of this lab; else MARGAY_LAB")
    .option("--checks", "only list the checks, as Markdown")
    .addHelpText(
      "after",
      "\nEnds with 1 when something is wrong. What cannot be known is told as unknown, never as ok. The checks: docs/doctor.md.",
    )
    .action((file: string | undefined, options: DoctorOptions & { readonly checks?: true }) => {
      if (options.checks === true) process.stdout.write(`${checksTable()}\n`);
      else return complaining(() => doctor(file, options));
    });
}

/** What `margay lab doctor` has as well. */
export function doctorOptions(command: Command): Command {
  return command
    .option("--host <name>", "only what is seen on this machine; without a lab: the one that this is, by its name in the file")
    .option("--only <ids>", "these checks, or groups by their letter: R5,H")
    .option("--evidence", "also what was seen where all is well")
    .option("--json", "for programs")
    .option("--fix", "show what is safe to do, and do it once that is confirmed")
    .option("-y, --yes", "do it without asking");
}

interface Practice {
  facts(): Promise<Facts>;
  readonly hands: Hands;
}

export async function doctor(file: string | undefined, options: DoctorOptions): Promise<number> {
  const scope = { only: options.only === undefined ? undefined : idsIn(options.only), machine: options.host };
  const practice = await practiceOf(file, options);
  if (practice === undefined) return STATUS.wrongFile;
  const look = async () => examine(judgeable(await practice.facts(), options.host), scope);
  const found = await look();
  const detail = options.evidence === true || scope.only !== undefined ? "evidence" : "findings";
  if (options.json !== true) process.stdout.write(diagnosesText(found, detail));
  const last = options.fix === true ? await fixing(found, { options, hands: practice.hands, look }) : found;
  if (options.json === true) process.stdout.write(`${JSON.stringify(last, undefined, 2)}\n`);
  return last.some(({ verdict }) => verdict === "wrong") ? STATUS.wrong : 0;
}

/** Complains where nobody knows of a data centre, or of this machine. */
function judgeable(facts: Facts, host: string | undefined): Facts {
  const { center, machines } = facts;
  if (!center.known) throw new Complaint(`There is nothing to judge: ${center.why}\nGive a datacenter.yaml, --url, or --lab.`);
  if (host !== undefined && !machines.some(({ name }) => name === host))
    throw new Complaint(`--host ${host}: there are ${machines.map(({ name }) => name).join(", ")}`);
  return facts;
}

/** Undefined: the file is wrong, and that has been said. */
async function practiceOf(file: string | undefined, options: DoctorOptions): Promise<Practice | undefined> {
  const env = process.env;
  const name = options.lab ?? (file === undefined ? env["MARGAY_LAB"] || undefined : undefined);
  if (name !== undefined) return practiceIn(name);
  const reading = file === undefined ? undefined : await readDataCenterFile(file);
  if (reading?.ok === false) {
    process.stderr.write(`${reading.problems.join("\n")}\n`);
    return undefined;
  }
  const said = options.url ?? env["MARGAY_URL"] ?? env["OS_ENDPOINT"];
  // With a file alone nobody is asked; without one there must be somebody who knows.
  const url = said === undefined && file !== undefined ? undefined : endpointOf(said, env);
  const here = {
    ...(reading?.ok === true && { center: reading.value }),
    ...(url !== undefined && { url }),
    token: env["OS_TOKEN"],
    state: options.state ?? env["MARGAY_STATE"] ?? AGENT_STATE,
    ...(options.host !== undefined && { host: options.host }),
  };
  return { facts: () => factsHere(here), hands: handsHere(url, env["OS_TOKEN"]) };
}

const AGENT_STATE = AGENT.agent.settings.state.default;

function practiceIn(name: string): Practice {
  try {
    const lab = labNamed(name);
    const { center } = standing(lab);
    return { facts: () => labFacts(lab, center), hands: labHands(lab, `unix:${controllerSocket(lab)}`) };
  } catch (error) {
    throw new Complaint(reasonOf(error));
  }
}

function idsIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).flatMap((word) => {
    const named = CHECKS.filter(({ id }) => id.toUpperCase() === word.toUpperCase() || id[0] === word.toUpperCase()).map(({ id }) => id);
    if (named.length === 0)
      throw new Complaint(`--only ${word}: there are ${CHECKS.map(({ id }) => id).join(", ")}, and A, R, G, H, N for all of a group`);
    return named;
  });
}

interface Fixing {
  readonly options: DoctorOptions;
  readonly hands: Hands;
  readonly look: () => Promise<readonly Diagnosis[]>;
}

/** What is found afterwards, or the same where nothing was done. */
async function fixing(found: readonly Diagnosis[], { options, hands, look }: Fixing): Promise<readonly Diagnosis[]> {
  const fixes = fixesIn(found);
  const safe = safeOf(fixes);
  const say = (line: string) => (options.json === true ? process.stderr : process.stdout).write(`${line}\n`);
  say("");
  for (const planned of fixes) say(`${planned.check}: ${fixText(planned)}`);
  if (safe.length === 0) return (say("there is nothing that is safe to do by itself"), found);
  if (options.yes !== true && !(await confirmed())) return (say("nothing has been changed; confirm with --yes"), found);
  for (const { planned, failed } of await fixAll(fixes, hands))
    say(`${failed === undefined ? "done" : "NOT DONE"}: ${planned.check} ${planned.where}${failed === undefined ? "" : `: ${failed}`}`);
  say("settings of the kernel hold until it boots again: keep them in /etc/sysctl.d\n");
  const after = await look();
  if (options.json !== true) process.stdout.write(diagnosesText(changedIn(found, after), "findings"));
  return after;
}

/** Those that were not well before. */
function changedIn(before: readonly Diagnosis[], after: readonly Diagnosis[]): readonly Diagnosis[] {
  return after.filter(({ id }) => before.some((one) => one.id === id && ["wrong", "warning"].includes(one.verdict)));
}
