/** What VMs are told of themselves, whatever they say; and that nobody else gets to where they are told it. */
import { INSIDE6, DOOR, METADATA4, METADATA6 } from "#core/metadata/place.ts";
import type { Host } from "#core/datacenter/data-center.ts";
import { HOST_LINK_LOCAL, rackNamed } from "#core/datacenter/racks.ts";
import { ipv6Ranges } from "#core/datacenter/ranges.ts";
import type { Family } from "#core/net/address.ts";
import { machineNetns } from "../place.ts";
import { inside, must, run } from "../program.ts";
import type { Claim, Seen } from "./claim.ts";
import type { Actor, Stage } from "./stage.ts";

const DOCUMENT = "/openstack/latest/meta_data.json";

export function metadataClaims(stage: Stage): Claim[] {
  const vms = [...stage.external, ...stage.internal];
  const six = ipv6Ranges(stage.center).length > 0;
  const families = ({ ips }: Actor): Family[] => [...(ips[4] === undefined ? [] : [4 as const]), ...(six ? [6 as const] : [])];
  return [
    ...vms.flatMap((vm) => families(vm).map((family) => ownMetadata(vm, family, []))),
    ...vms.slice(0, 1).flatMap((vm) => families(vm).map((family) => ownMetadata(vm, family, liesOf(vms.find(({ id }) => id !== vm.id))))),
    ...closedClaims(stage),
  ];
}

function urlOf(family: Family): string {
  return `http://${family === 4 ? METADATA4 : `[${METADATA6}%25eth0]`}${DOCUMENT}`;
}

/** As somebody would say who wants to be somebody else. */
function liesOf(other: Actor | undefined): string[] {
  const id = other?.id ?? "";
  return [`X-Instance-ID: ${id}`, `X_Instance_ID: ${id}`, `X-Forwarded-For: ${other?.ips[4] ?? other?.ips[6] ?? ""}`];
}

function ownMetadata(vm: Actor, family: Family, lies: readonly string[]): Claim {
  const check = async (): Promise<Seen> => {
    const { text, error } = await curl(vm.netns, urlOf(family), lies);
    const told = uuidIn(text);
    return {
      kept: told === vm.id,
      seen: told === vm.id ? "its own" : error || `that of ${told ?? "nobody"}`,
      evidence: `the server is ${vm.id}`,
    };
  };
  return { what: `${vm.name}${lies.length > 0 ? " with forged headers" : ""} → metadata`, family, expected: "its own", check };
}

function uuidIn(text: string): string | undefined {
  return /"uuid":"([^"]+)"/.exec(text)?.[1];
}

/** From the fabric, by the addresses that VMs use and by those where the agent listens: from a machine next to the host. */
function closedClaims({ lab, center }: Stage): Claim[] {
  const [host] = center.hosts;
  const from = host?.uplinks === undefined ? center.controllers[0] : rackNamed(center, host.uplinks[0]?.rack ?? "").tor;
  if (host === undefined || from === undefined) return [];
  const netns = machineNetns(lab, from.name);
  return ([4, 6] as const).flatMap((family) => {
    const [target, own] = family === 4 ? [METADATA4, host.ipv4] : [INSIDE6, host.ipv6];
    if (own === undefined) return [];
    const what = `${from.name} → metadata of ${host.name}`;
    const check = () => closedTo(netns, { target, via: hopTo(host, family) });
    return [{ what, family, expected: "blocked at the host", check }];
  });
}

/** What the host is to its neighbour: its address on the link between them. */
function hopTo(host: Host, family: Family): string {
  const [link] = host.uplinks ?? [];
  if (link?.port !== undefined) return `${family === 4 ? "inet6 " : ""}${HOST_LINK_LOCAL} dev ${link.port}`;
  const { ipv4, ipv6 } = link ?? host;
  return (family === 4 ? ipv4 : ipv6) ?? "";
}

async function closedTo(netns: string, { target, via }: { readonly target: string; readonly via: string }): Promise<Seen> {
  const at = target.includes(":") ? `[${target}]` : target;
  const route = `${target} via ${via}`;
  try {
    await must(["ip", "-n", netns, "route", "replace", ...route.split(" ")]);
    const answers = await Promise.all([80, DOOR].map((port) => curl(netns, `http://${at}:${port}/`)));
    const open = answers.some(({ error, text }) => text !== "" || /refused|reset/i.test(error));
    return {
      kept: !open,
      seen: answers.map(({ error, text }) => error || text).join("; "),
      evidence: `asked ports 80 and ${DOOR} by way of ${via}`,
    };
  } finally {
    await run(["ip", "-n", netns, "route", "del", ...route.split(" ")]);
  }
}

async function curl(netns: string, url: string, headers: readonly string[] = []): Promise<{ text: string; error: string }> {
  const argv = ["curl", "-sS", "-g", "--max-time", "3", ...headers.flatMap((header) => ["-H", header]), url];
  const { stdout, stderr } = await run(inside(netns, argv), { timeout: 6000 });
  return { text: stdout, error: stderr.trim() };
}
