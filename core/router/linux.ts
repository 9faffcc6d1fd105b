/**
 * What stands beside BGP on a Linux gateway, whichever daemon speaks it: the nftables that let pass and translate, the kernel's
 * settings, and the addresses of the PNAT pool. They are the objects that Margay's own gateway agent holds, as files.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Role, View } from "../feed/item.ts";
import { compile } from "../intent/compile.ts";
import type { Intent } from "../intent/intent.ts";
import type { Nft, NftElement, NftSet, NftShare } from "../kinds/nft.ts";
import type { RenderedFile } from "./platform.ts";
import type { RouterConfig } from "./router-config.ts";

/** Everything that a machine of this role holds, of the data centre alone. */
export function intentOf(datacenter: DataCenter, self: { readonly host: string; readonly role: Role }): Intent {
  const nobody: Omit<View, "datacenter"> = {
    endpoints: new Map(),
    subnets: new Map(),
    groups: new Map(),
    members: new Map(),
    prefixes: new Map(),
  };
  return compile({ ...nobody, datacenter }, self);
}

/** What a machine that forwards needs beside BGP: `gw1.nft` where it has rules, and `gw1.sysctl.conf`. A reflector needs nothing. */
export function besideOnLinux(datacenter: DataCenter, { name, role }: Pick<RouterConfig, "name" | "role">): readonly RenderedFile[] {
  if (role === "reflector") return [];
  const intent = intentOf(datacenter, { host: name, role });
  const rules = intent.nft.length > 0 ? [{ name: `${name}.nft`, text: nftText(name, intent) }] : [];
  return [...rules, { name: `${name}.sysctl.conf`, text: sysctlText(name, intent) }];
}

function sysctlText(name: string, { sysctls }: Intent): string {
  const lines = sysctls.map(({ value: { path, value } }) => `${path} = ${value}`);
  return [`# ${name}: what the kernel of this router has to do. Apply: sysctl -p ${name}.sysctl.conf`, ...lines, ""].join("\n");
}

function nftText(name: string, intent: Intent): string {
  const held = intent.nft.map(({ value }) => value);
  const families = [...new Set(held.map(({ family }) => family))];
  const tables = families.flatMap((family) => {
    const objects = held.filter((object) => object.family === family);
    const inner = objects.flatMap((object) => ("of" in object ? [] : [objectText(object, objects)]));
    return [`table ${family} margay`, `delete table ${family} margay`, `table ${family} margay {`, ...inner, "}"];
  });
  return [
    `# ${name}: what passes this gateway, and what is translated there.`,
    `# Check:     nft -c -f ${name}.nft`,
    `# Apply:     nft -f ${name}.nft, all at once`,
    `# Take back: ${families.map((family) => `nft delete table ${family} margay`).join("; ")}`,
    ...poolText(intent),
    ...tables,
    "",
  ].join("\n");
}

type Named = Exclude<Nft, NftElement | NftShare>;

function objectText(object: Named, all: readonly Nft[]): string {
  const body = linesIn(object, all);
  return [`  ${object.object} ${object.name} {`, ...body.map((line) => `    ${line}`), "  }"].join("\n");
}

function linesIn(object: Named, all: readonly Nft[]): readonly string[] {
  if (object.object === "chain") return [object.hook ?? [], ...object.rules].flat();
  return object.object === "flowtable" ? [object.hook] : setLines(object, all);
}

function setLines({ name, type, elements }: NftSet, all: readonly Nft[]): readonly string[] {
  const own = all.filter((object): object is NftElement => object.object === "element" && object.of === name);
  const keys = [...(elements ?? []), ...own.map(({ element, value }) => (value === undefined ? element : `${element} : ${value}`))];
  return keys.length > 0 ? [type, `elements = { ${keys.join(", ")} }`] : [type];
}

/** The pool is answered for by ARP: its addresses are local, on a link of their own. */
function poolText({ links }: Intent): readonly string[] {
  return links.flatMap(({ value: { name, own } }) =>
    own === undefined
      ? []
      : [
          `# Before it, the addresses of the PNAT pool have to be this machine's own, for instance:`,
          `#   ip link add ${name} type dummy; ip link set ${name} up`,
          ...own.addresses.map(({ ip, length }) => `#   ip address add ${ip}/${length} dev ${name}`),
        ],
  );
}
