/** An agent as a process in a namespace, and a controller of a few lines that says what it is told to say. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { exchange } from "#adapters/http/exchange.ts";
import { serveFeed } from "#adapters/feed/server.ts";
import { testNamespace } from "#adapters/linux/namespace.real.ts";
import type { TestNamespace } from "#adapters/linux/namespace.real.ts";
import { processesWith, stopProcess } from "#adapters/linux/process.ts";
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import type { AgentLink } from "#contracts/feed.ts";
import type { Endpoint, FeedMessage, Group, Report, SubnetFact } from "#core/feed/item.ts";
import { messageText } from "#core/feed/wire.ts";
import type { Ip } from "#core/net/address.ts";
import { chosenMac } from "#core/net/mac.ts";
import type { ObjectRecord } from "#core/why/evidence.ts";
import { agentSocket } from "./socket.ts";
import type { AgentStatus } from "./state.ts";

const HOME = fileURLToPath(new URL("../..", import.meta.url));

export interface Told {
  readonly host: TestNamespace;
  readonly state: string;
  /** Starts the agent, and gives its process. */
  start(): ChildProcess;
  /** Ends what agents have started: what no boot leaves. */
  endDaemons(): Promise<void>;
  /** Says this and `synced`, now and to whoever connects later; answers with the revision. */
  say(...messages: readonly FeedMessage[]): number;
  /** What the agent's settings file says from now on. */
  rewrite(settings: object): void;
  /** The controller goes, and does not come back. */
  hush(): void;
  /** The last report. */
  report(): Report | undefined;
  /** As it says itself, by its socket; rejects while it does not answer. */
  status(): Promise<AgentStatus & { readonly objects: readonly ObjectRecord[] }>;
  /** What the agents printed. */
  log(): readonly { readonly msg: string; readonly did?: string; readonly wanted?: string; readonly found?: string }[];
}

/** `settings`: what the agent's file says, as JSON, which is YAML too. */
export async function told(t: TestContext, settings: object = {}): Promise<Told> {
  const state = mkdtempSync(join(tmpdir(), "margay-agent-"));
  const host = await testNamespace(t);
  const config = join(state, "agent.yaml");
  const rewrite = (said: object) => writeFileSync(config, JSON.stringify(said));
  rewrite(settings);
  const children: ChildProcess[] = [];
  const printed: string[] = [];
  const messages = new Map<string, FeedMessage>();
  let revision = 0;
  let link: AgentLink | undefined;
  let report: Report | undefined;

  const send = (all: Iterable<FeedMessage>) => link?.send([...all, { op: "synced", revision } as const].map(messageText).join("\n"));
  const server = createServer();
  const door = serveFeed([server], (_, one) => {
    link = one;
    send(messages.values());
    return { report: (heard) => (report = heard), closed: () => undefined };
  });
  server.listen(join(state, "api.sock"));
  await once(server, "listening");
  await host.sh(
    "ip link add fab0 type ifb; ip addr add 192.168.100.11/24 dev fab0; ip -6 addr add 2001:db8:a41:f::11/64 dev fab0 nodad; ip link set fab0 up",
  );
  t.after(async () => {
    for (const child of children) child.kill("SIGKILL");
    door.close();
    server.close();
    await endDaemons(state);
    rmSync(state, { recursive: true });
  });

  return {
    host,
    state,
    endDaemons: () => endDaemons(state),
    start: () => {
      const words = [
        "agent",
        "--config",
        config,
        "--role",
        "compute",
        "--host",
        "h1",
        "--controller",
        `unix:${join(state, "api.sock")}`,
        "--state",
        state,
      ];
      const argv = ["netns", "exec", host.name, process.execPath, join(HOME, "processes/main.ts"), ...words];
      const child = spawn("ip", argv, {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, NODE_COMPILE_CACHE: join(HOME, ".cache/node") },
      });
      child.stdout.on("data", (part: Buffer) => printed.push(part.toString()));
      children.push(child);
      return child;
    },
    say: (...said) => {
      revision++;
      for (const message of said) {
        if (message.op === "gone") messages.delete(message.key);
        else if (message.op === "put") messages.set(message.key, message);
      }
      send(said);
      return revision;
    },
    rewrite,
    hush: () => {
      door.close();
      server.close();
    },
    report: () => report,
    status: async () => {
      const [status, objects] = await Promise.all([askAgent(state, "/"), askAgent(state, "/objects")]);
      return { ...(JSON.parse(status) as AgentStatus), ...(JSON.parse(objects) as { objects: readonly ObjectRecord[] }) };
    },
    log: () =>
      printed
        .join("")
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
  };
}

/** What the agent answers at this path of its socket. */
export async function askAgent(state: string, path: string): Promise<string> {
  const { status, text } = await exchange(`unix:${agentSocket(state)}`, { method: "GET", path }, { timeout: 5000 });
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return text;
}

/** Ends all that agents of this state directory have started, on record or not. */
async function endDaemons(state: string): Promise<void> {
  const recorded = readdirSync(join(state, "run"), { withFileTypes: true }).map(({ name }) => name.split(".")[0] ?? "");
  for (const name of new Set(["bird", "dnsmasq", ...recorded]))
    for (const stray of processesWith(`MARGAY_DAEMON=${state} ${name}`)) await stopProcess(stray);
}

/** The guide's data centre, its four subnets, and one group that lets everything out and SSH in. */
export async function ground(): Promise<FeedMessage[]> {
  const reading = await readDataCenterFile(join(HOME, "examples/guide.yaml"));
  if (!reading.ok) throw new Error(reading.problems.join("\n"));
  const { networks } = reading.value;
  const subnets = [...networks.external.subnets, ...networks.internal.subnets].map(({ name, cidr, gateway }): SubnetFact => {
    const options = { host_routes: [], dns_nameservers: [], mtu: 1500, dns_domain: "" };
    return {
      id: name,
      network_id: name.slice(0, -1),
      cidr,
      gateway_ip: gateway,
      enable_dhcp: true,
      ipv6_mode: cidr.includes(":") ? "dhcpv6-stateful" : null,
      ...options,
    };
  });
  const rule = { protocol: null, port_range_min: null, port_range_max: null, remote: null };
  const rules: Group["rules"] = [
    { direction: "egress", family: 4, ...rule },
    { direction: "egress", family: 6, ...rule },
    { direction: "ingress", family: 4, ...rule, protocol: 6, port_range_min: 22, port_range_max: 22 },
  ];
  return [
    { op: "put", key: "datacenter/this", value: reading.value },
    ...subnets.map((value) => ({ op: "put", key: `subnet/${value.id}`, value }) as const),
    { op: "put", key: "group/g1", value: { id: "g1", stateful: true, rules } },
  ];
}

/** Port N of the internal network, IPv4 and IPv6, on tapN. */
export function port(n: number): FeedMessage {
  const [four, six] = [`10.65.${n >> 8}.${n & 255}` as Ip, `2001:db8:a41:3::${n.toString(16)}` as Ip];
  const value: Endpoint = {
    port_id: `p${n}`,
    host: "h1",
    network_id: "internal",
    tap: `tap${n}`,
    mac: chosenMac(n),
    addresses: [
      { ip: four, subnet_id: "internal4" },
      { ip: six, subnet_id: "internal6" },
    ],
    pairs: [],
    groups: ["g1"],
    port_security: true,
    admin_state_up: true,
    instance: { id: `server-${n}`, project: "project-1" },
    hostname: `host-${n}`,
    dhcp_options: [],
    limits: [],
    moves: 0,
    claims: [],
    floating: [],
  };
  return { op: "put", key: `endpoint/p${n}`, value };
}

/** Waits until the agent has said of this revision that these ports are up. */
export async function up(one: Told, ports: readonly number[], revision: number): Promise<void> {
  await until(
    () => one.report()?.revision === revision && ports.every((n) => one.report()?.endpoints[`p${n}`]?.state === "up"),
    () => JSON.stringify(one.report(), null, 1),
  );
}

/** Waits for a condition, for 20 s. */
export async function until(holds: () => boolean | Promise<boolean>, explain: () => string = () => ""): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `waited for 20 s: ${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
