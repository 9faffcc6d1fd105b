/** What Tempest must be told: where the cloud is, who may use it, and which extensions to count on. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Account, TestCloud } from "../place/cloud.ts";
import { ini } from "../place/ini.ts";

/** Each worker of a run takes a project, with a member and a reader, for its class, some a second one; and an administrator. */
const PROJECTS = 8;

export const ACCOUNTS: readonly Account[] = [
  ...Array.from({ length: PROJECTS }, (_, at): readonly Account[] => [
    { name: `member-${at}`, project: `tempest-${at}`, role: "member" },
    { name: `reader-${at}`, project: `tempest-${at}`, role: "reader" },
  ]).flat(),
  ...["admin", "admin-1", "admin-2", "admin-3"].map((name): Account => ({ name, project: name, role: "admin" })),
];

/**
 * What runs beside other shares. Each has a block of its own: Tempest takes the same addresses for every network that it makes, and
 * here an address has one port in the whole cloud, even where subnets overlap.
 */
export interface Share {
  readonly regex: string;
  /** Out of which its networks' blocks are. */
  readonly block4: string;
  readonly block6: string;
}

/** About half of the tests each. */
export const SHARES: readonly Share[] = [
  { regex: "^tempest\\.api\\.network\\.(admin|test_[a-o])", block4: "10.100.0.0/16", block6: "2001:db8:100::/48" },
  { regex: "^tempest\\.api\\.network\\.test_[p-z]", block4: "10.101.0.0/16", block6: "2001:db8:101::/48" },
];

/** Where Tempest finds what it must be told. */
interface Place {
  readonly cloud: TestCloud;
  /** The Keystone that Tempest is sent to. */
  readonly identityUrl: string;
}

/** Writes a configuration for each share; returns the folders to run them in. */
export async function setUp({ cloud, identityUrl }: Place): Promise<readonly string[]> {
  const locks = join(cloud.home, "locks");
  mkdirSync(locks);
  const known = { cloud, identityUrl, locks, external: await externalNetwork(cloud), aliases: await extensions(cloud) };
  return SHARES.map((share, at) => {
    const home = join(cloud.home, `tempest-${at}`);
    mkdirSync(join(home, "etc"), { recursive: true });
    writeFileSync(join(home, "etc/accounts.yaml"), accountsFile(cloud), { mode: 0o600 });
    writeFileSync(join(home, "etc/tempest.conf"), configuration({ ...known, home, share }), { mode: 0o600 });
    return home;
  });
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

interface Configured extends Place {
  readonly home: string;
  /** Shared by all: nobody takes an account that another has. */
  readonly locks: string;
  readonly share: Share;
  readonly external: string;
  readonly aliases: readonly string[];
}

function configuration({ identityUrl, home, locks, share, external, aliases }: Configured): string {
  return ini({
    DEFAULT: { log_dir: home, log_file: "tempest.log" },
    oslo_concurrency: { lock_path: locks },
    auth: { use_dynamic_credentials: "false", test_accounts_file: join(home, "etc/accounts.yaml"), admin_domain_name: "Default" },
    identity: { uri_v3: identityUrl, auth_version: "v3", region: "RegionOne", v3_endpoint_type: "public" },
    service_available: { neutron: "true", nova: "true", glance: "false", cinder: "false", swift: "false" },
    network: {
      endpoint_type: "public",
      public_network_id: external,
      floating_network_name: "public",
      project_network_cidr: share.block4,
      project_network_v6_cidr: share.block6,
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
