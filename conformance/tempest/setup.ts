/** What Tempest must be told: where the cloud is, who may use it, and which extensions to count on. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Account, TestCloud } from "../place/cloud.ts";

/** Each worker of a run takes a project, with a member and a reader, for its class, some a second one; and an administrator. */
const PROJECTS = 8;

export const ACCOUNTS: readonly Account[] = [
  ...Array.from({ length: PROJECTS }, (_, at): readonly Account[] => [
    { name: `member-${at}`, project: `tempest-${at}`, role: "member" },
    { name: `reader-${at}`, project: `tempest-${at}`, role: "reader" },
  ]).flat(),
  ...["admin", "admin-1", "admin-2", "admin-3"].map((name): Account => ({ name, project: name, role: "admin" })),
];

/** Writes Tempest's configuration; returns the folder to run it in. `identityUrl`: the Keystone that Tempest is sent to. */
export async function setUp(cloud: TestCloud, identityUrl: string): Promise<string> {
  const home = join(cloud.home, "tempest");
  mkdirSync(join(home, "etc"), { recursive: true });
  mkdirSync(join(home, "locks"));
  const external = await externalNetwork(cloud);
  const aliases = await extensions(cloud);
  writeFileSync(join(home, "etc/accounts.yaml"), accountsFile(cloud), { mode: 0o600 });
  writeFileSync(join(home, "etc/tempest.conf"), configuration({ identityUrl, home, external, aliases }), { mode: 0o600 });
  return home;
}

/** With room for every gateway and floating IP that a run makes. */
async function externalNetwork({ ask }: TestCloud): Promise<string> {
  const { network } = (await ask("POST", "/v2.0/networks", { network: { name: "public", "router:external": true } })) as {
    network: { id: string };
  };
  const subnet = { network_id: network.id, ip_version: 4, cidr: "172.24.4.0/22", enable_dhcp: false };
  await ask("POST", "/v2.0/subnets", { subnet });
  return network.id;
}

async function extensions({ ask }: TestCloud): Promise<readonly string[]> {
  const { extensions } = (await ask("GET", "/v2.0/extensions")) as { extensions: readonly { alias: string }[] };
  return extensions.map(({ alias }) => alias);
}

function accountsFile({ password }: TestCloud): string {
  const entries = ACCOUNTS.map(({ name, project, role }) => ({
    username: name,
    password,
    project_name: project,
    domain_name: "Default",
    ...(role === "admin" ? { types: ["admin"], roles: ["admin"] } : { roles: [role] }),
  }));
  return JSON.stringify(entries, undefined, 2);
}

interface Configured {
  readonly identityUrl: string;
  readonly home: string;
  readonly external: string;
  readonly aliases: readonly string[];
}

function configuration({ identityUrl, home, external, aliases }: Configured): string {
  return ini({
    DEFAULT: { log_dir: home, log_file: "tempest.log" },
    oslo_concurrency: { lock_path: join(home, "locks") },
    auth: { use_dynamic_credentials: "false", test_accounts_file: join(home, "etc/accounts.yaml"), admin_domain_name: "Default" },
    identity: { uri_v3: identityUrl, auth_version: "v3", region: "RegionOne", v3_endpoint_type: "public" },
    service_available: { neutron: "true", nova: "true", glance: "false", cinder: "false", swift: "false" },
    network: {
      endpoint_type: "public",
      public_network_id: external,
      floating_network_name: "public",
      build_timeout: "30",
      build_interval: "0",
    },
    "network-feature-enabled": {
      ipv6: "true",
      ipv6_subnet_attributes: "true",
      port_security: "true",
      floating_ips: "true",
      api_extensions: aliases.join(","),
    },
  });
}

/** As Python reads it. */
export function ini(sections: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  return Object.entries(sections)
    .map(
      ([name, values]) =>
        `[${name}]\n${Object.entries(values)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join("")}`,
    )
    .join("\n");
}
