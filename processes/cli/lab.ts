/** `margay lab …`: the declared data centre out of network namespaces, on this machine. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { reasonOf } from "#adapters/linux/errors.ts";
import { declaredIn } from "#adapters/yaml/datacenter-file.ts";
import { down } from "#lab/down.ts";
import { readLabRecord } from "#lab/lab-record.ts";
import { API_PORT } from "#lab/margay.ts";
import { DEFAULT_LAB } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { inside } from "#lab/program.ts";
import { inGuest } from "#lab/qemu/command.ts";
import { doorOf } from "#lab/qemu/machine.ts";
import { netnsNamed, startAgent, startController, stopAgent, stopController } from "#lab/standing.ts";
import { statusOf } from "#lab/status.ts";
import { readVm } from "#lab/vm-record.ts";
import { up } from "#lab/up.ts";
import { complaining } from "./complaining.ts";
import { doctor, doctorOptions } from "./doctor.ts";
import type { DoctorOptions } from "./doctor.ts";
import { inLab, tell, withLab } from "./lab-command.ts";
import type { LabOptions } from "./lab-command.ts";
import { statusText } from "./lab-status.ts";
import { vmCommand } from "./lab-vm.ts";

export function command(): Command {
  return new Command("lab")
    .description("Build the declared data centre out of network namespaces on this machine")
    .addCommand(upCommand())
    .addCommand(
      withLab(new Command("down").description("Remove a lab without trace")).action((options: LabOptions) => inLab(options, takeDown)),
    )
    .addCommand(
      withLab(new Command("status").description("What stands and what runs")).action((options: LabOptions) => inLab(options, show)),
    )
    .addCommand(enterCommand())
    .addCommand(doctorCommand())
    .addCommand(vmCommand())
    .addCommand(agentCommand())
    .addCommand(controllerCommand());
}

export interface UpOptions extends LabOptions {
  readonly port?: string;
}

function upCommand(): Command {
  return withPort(withLab(new Command("up")))
    .description("Build a lab, start Margay in it and apply the file; on a standing lab, complete what is missing")
    .argument("<file>", "datacenter.yaml")
    .action((file: string, options: UpOptions) => inLab(options, (lab) => raise(lab, file, options)));
}

export function withPort(command: Command): Command {
  return command.option("--port <port>", `relay 127.0.0.1:PORT to the controller (${API_PORT} for the lab "${DEFAULT_LAB}", else none)`);
}

/** Builds the lab that the file declares and applies the file to it. */
export async function raise(lab: Lab, path: string, options: Pick<UpOptions, "port">): Promise<void> {
  const file = { path: resolve(path), text: textOf(path) };
  const center = declaredIn(path, file.text);
  const port = portOf(lab, options.port);
  try {
    await up(lab, { file, center, say: tell, ...(port !== undefined && { port }) });
  } catch (error) {
    if (readLabRecord(lab)?.phase === "building") tell(`the lab is left as it is: logs are in ${lab.directory}/log`);
    throw error;
  }
  show(lab);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${path}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function portOf(lab: Lab, given: string | undefined): number | undefined {
  if (given === undefined) return lab.name === DEFAULT_LAB ? API_PORT : undefined;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`--port ${given}: not a TCP port`);
  return port;
}

async function takeDown(lab: Lab): Promise<void> {
  tell((await down(lab)) ? `the lab "${lab.name}" is gone` : `there is no lab "${lab.name}"`);
}

function show(lab: Lab): void {
  tell(statusText(statusOf(lab)));
}

function enterCommand(): Command {
  return withLab(new Command("enter"))
    .description("A shell, or one command, inside a machine or VM; of a real VM its serial console, which ctrl-] leaves")
    .argument("<name>", "machine, VM, fabric, provider or outside")
    .argument("[command...]", "after --")
    .action((name: string, words: readonly string[], options: LabOptions) => inLab(options, (lab) => enter(lab, name, words)));
}

function doctorCommand(): Command {
  return doctorOptions(withLab(new Command("doctor")))
    .description("Look for everything that is known to go wrong, on all machines: margay doctor --lab NAME")
    .action(({ name, ...options }: DoctorOptions & LabOptions) => complaining(() => doctor(undefined, { ...options, lab: name })));
}

/** Ends with the command's own status. */
async function enter(lab: Lab, name: string, words: readonly string[]): Promise<void> {
  if (readVm(lab, name)?.body !== "qemu") return await enterNetns(lab, name, words);
  if (words.length === 0)
    return await become(["socat", "STDIO,raw,echo=0,escape=0x1d", `UNIX-CONNECT:${doorOf(lab, name, "console")}`], {});
  const { status, text } = await inGuest(lab, name, words.map(quoted).join(" "));
  process.stdout.write(text);
  process.exitCode = status;
}

/** For a shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function enterNetns(lab: Lab, name: string, words: readonly string[]): Promise<void> {
  const argv = words.length > 0 ? words : ["bash", "--norc"];
  return become(inside(netnsNamed(lab, name), argv), { MARGAY_LAB: lab.name, PS1: `[${name}] \\w \\$ ` });
}

/** Runs it in our place, and ends with its status. */
function become([program = "", ...rest]: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(program, rest, { stdio: "inherit", env: { ...process.env, ...env } });
    child.on("error", fail);
    child.on("close", (status) => {
      process.exitCode = status ?? 1;
      done();
    });
  });
}

function agentCommand(): Command {
  const verb = (name: "start" | "stop", work: (lab: Lab, host: string) => Promise<boolean> | boolean) =>
    withLab(new Command(name).description(`${titled(name)} a machine's agent`))
      .argument("<machine>", "compute host, gateway, reflector or top-of-rack router")
      .action((machine: string, options: LabOptions) =>
        inLab(options, async (lab) => tell(said(`the agent on ${machine}`, name, await work(lab, machine)))),
      );
  return new Command("agent")
    .description("Stop or start a machine's agent; what its kernel and its daemons do goes on")
    .addCommand(verb("stop", stopAgent))
    .addCommand(verb("start", startAgent));
}

function controllerCommand(): Command {
  const verb = (name: "start" | "stop", work: (lab: Lab) => Promise<boolean>) =>
    withLab(new Command(name).description(`${titled(name)} the controller`)).action((options: LabOptions) =>
      inLab(options, async (lab) => tell(said("the controller", name, await work(lab)))),
    );
  return new Command("controller")
    .description("Stop or start the controller; packets flow without it")
    .addCommand(verb("stop", stopController))
    .addCommand(verb("start", startController));
}

function titled(verb: "start" | "stop"): string {
  return verb === "start" ? "Start" : "Stop";
}

function said(what: string, verb: "start" | "stop", changed: boolean): string {
  const now = verb === "start" ? "runs" : "is stopped";
  return changed ? `${what} ${now}` : `${what} ${now} already`;
}
