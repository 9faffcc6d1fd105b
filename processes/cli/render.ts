/**
 * `margay render gateway NAME`: the configuration of a router that follows from a data centre file, in the words of its platform: to
 * the terminal, or as files. What the platform cannot do is said, with what to put beside it, and ends the command with 3.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, Option } from "commander";
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import { ROUTER_PLATFORMS } from "#core/datacenter/data-center.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { routerConfigOf, routersOf } from "#core/router/derive.ts";
import { withInterfaces } from "#core/router/interfaces.ts";
import type { Rendering } from "#core/router/platform.ts";
import { platformFor, platformOf } from "#core/router/platforms.ts";
import { rendered } from "#core/router/render.ts";
import type { RouterConfig, RouterRole } from "#core/router/router-config.ts";

interface Options {
  readonly platform?: string;
  /** `fab0=GigabitEthernet0/0/0` each. */
  readonly interface: readonly string[];
  readonly out?: string;
}

/** How the command ends, besides 0. */
const STATUS = { wrong: 2, refused: 3 } as const;

const ROLES: Readonly<Record<RouterRole, string>> = {
  gateway: "A gateway: BGP with the provider and the fabric, policy, static routes, port translation",
  reflector: "A route reflector",
  tor: "A top-of-rack router",
};

export function command(): Command {
  const render = new Command("render").description("Write the configuration of a router, in the words of its platform");
  for (const [role, description] of Object.entries(ROLES)) {
    render
      .command(role)
      .description(description)
      .argument("<name>", "its name in the data centre file")
      .argument("[file]", "the data centre file", "datacenter.yaml")
      .addOption(new Option("--platform <platform>", "whose words; else as the file says, else bird").choices(ROUTER_PLATFORMS))
      .option("--interface <name=port>", "what the router calls an interface: fab0=GigabitEthernet0/0/0; may be said again", also, [])
      .option("--out <directory>", "write files there, instead of to the terminal")
      .action(async (name: string, file: string, options: Options) => {
        process.exitCode = await show({ role: role as RouterRole, name, file }, options);
      });
  }
  return render;
}

const also = (one: string, before: readonly string[]): readonly string[] => [...before, one];

interface Asked {
  readonly role: RouterRole;
  readonly name: string;
  readonly file: string;
}

async function show({ role, name, file }: Asked, { platform, interface: ports, out }: Options): Promise<number> {
  const reading = await readDataCenterFile(file);
  if (!reading.ok) return wrong(reading.problems.join("\n"));
  const rendering = renderedFor(reading.value, { role, name, file }, { platform, ports });
  if (typeof rendering === "string") return wrong(rendering);
  if (out === undefined) shown(rendering);
  else await written(out, rendering);
  for (const { what, why, beside } of rendering.refused) process.stderr.write(`${what} is not rendered: ${why}\n  beside it: ${beside}\n`);
  return rendering.refused.length > 0 ? STATUS.refused : 0;
}

interface Words {
  readonly platform: string | undefined;
  readonly ports: readonly string[];
}

/** Or what is against it. */
function renderedFor(dc: DataCenter, { role, name, file }: Asked, { platform: asked, ports }: Words): Rendering | string {
  const known = routersOf(dc).filter((router) => router.role === role);
  const config = known.some((router) => router.name === name) ? routerConfigOf(dc, name) : undefined;
  if (config === undefined) return `${file} has no ${role} "${name}"; it has ${known.map((router) => router.name).join(", ") || "none"}`;
  const platform = asked === undefined ? platformFor(dc, name) : platformOf(asked);
  const names = portsOf(ports, config);
  if (typeof names === "string") return names;
  if (platform === undefined) return `nothing is written for the platform ${asked ?? ""} yet`;
  return rendered(platform, withInterfaces(config, names), dc);
}

/** By the data centre's name of each interface, or what is against it. */
function portsOf(ports: readonly string[], { name, interfaces }: RouterConfig): ReadonlyMap<string, string> | string {
  const known = interfaces.map((each) => each.name);
  const pairs = ports.map((text) => [text.slice(0, Math.max(0, text.indexOf("="))), text.slice(text.indexOf("=") + 1)] as const);
  const wrong = pairs.findIndex(([own, port]) => !known.includes(own) || !/^[A-Za-z][A-Za-z0-9./:_-]*$/.test(port));
  return wrong < 0 ? new Map(pairs) : `--interface ${ports[wrong]}: say NAME=PORT; the interfaces of ${name} are ${known.join(", ")}`;
}

/** The router's own alone, so that it can be sent on as it is. */
function shown({ files: [main, ...beside] }: Rendering): void {
  process.stdout.write(main?.text ?? "");
  if (beside.length > 0) process.stderr.write(`beside it, with --out DIRECTORY: ${beside.map(({ name }) => name).join(", ")}\n`);
}

async function written(directory: string, { files }: Rendering): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { name, text } of files) {
    await writeFile(join(directory, name), text);
    process.stdout.write(`${join(directory, name)}\n`);
  }
}

function wrong(text: string): number {
  process.stderr.write(`${text}\n`);
  return STATUS.wrong;
}
