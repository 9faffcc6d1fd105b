/** A Keystone of a test's own: over SQLite, with Fernet tokens, on loopback, and gone after the test. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import type { Account } from "./cloud.ts";
import { ini } from "./ini.ts";
import { MORTAL, printed, within } from "./program.ts";
import { pythonPrograms } from "./python.ts";

const REQUIREMENTS = new URL("keystone-requirements.txt", import.meta.url);
const SERVE = fileURLToPath(new URL("serve_keystone.py", import.meta.url));
/** Each of the steps that make it, on a machine that does ten other things. */
const STEP_SECONDS = 60;

export interface TestKeystone {
  /** With its version. */
  readonly url: string;
  /** Of everybody: who can read the test's folder may know it. */
  readonly password: string;
  /** Puts a service into everybody's catalog. */
  offer(type: string, url: string): Promise<void>;
}

/** The programs, or why there are none: it comes from PyPI, and wants much. */
export async function keystonePrograms(): Promise<{ readonly bin: string } | { readonly missing: string }> {
  try {
    return { bin: await pythonPrograms(REQUIREMENTS) };
  } catch (error) {
    return { missing: `no Keystone could be installed: ${String(error)}` };
  }
}

/** With these accounts, and `neutron`, who has the role service in the project service. */
export async function testKeystone(t: TestContext, bin: string, accounts: readonly Account[]): Promise<TestKeystone> {
  const home = mkdtempSync(join(tmpdir(), "margay-keystone-"));
  t.after(() => rmSync(home, { recursive: true }));
  const [port, password] = [await freePort(), "conformance"];
  const url = `http://127.0.0.1:${port}/v3`;
  const config = configured(home);
  const manage = async (...words: readonly string[]) =>
    await printed([join(bin, "keystone-manage"), "--config-file", config, ...words], { seconds: STEP_SECONDS });
  await manage("db_sync");
  await manage("fernet_setup", "--keystone-user", "root", "--keystone-group", "root");
  const urls = ["admin", "internal", "public"].flatMap((face) => [`--bootstrap-${face}-url`, url]);
  await manage("bootstrap", "--bootstrap-password", password, "--bootstrap-region-id", "RegionOne", ...urls);
  await served(t, { python: join(bin, "python"), config, port });
  const ask = await administrator(url, password);
  await populate(ask, accounts, password);
  return { url, password, offer: async (type, place) => await offered(ask, type, place) };
}

function configured(home: string): string {
  for (const name of ["fernet", "credential"]) mkdirSync(join(home, name), { mode: 0o700 });
  const config = join(home, "keystone.conf");
  const sections = {
    DEFAULT: { log_file: join(home, "keystone.log") },
    database: { connection: `sqlite:///${join(home, "keystone.db")}` },
    token: { provider: "fernet" },
    fernet_tokens: { key_repository: join(home, "fernet") },
    credential: { key_repository: join(home, "credential") },
    // Suites ask for tokens by the hundred.
    identity: { password_hash_rounds: "4" },
  };
  writeFileSync(config, ini(sections));
  return config;
}

interface Served {
  readonly python: string;
  readonly config: string;
  readonly port: number;
}

async function served(t: TestContext, { python, config, port }: Served): Promise<void> {
  const env = { ...process.env, OS_KEYSTONE_CONFIG_FILES: config };
  const child = spawn(MORTAL[0], [...MORTAL.slice(1), python, SERVE, String(port)], { env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  let said = "";
  const listening = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (part: string) => (said = (said + part).slice(-2000)));
    createInterface({ input: child.stdout }).once("line", () => resolve());
    child.once("close", () => reject(new Error(`Keystone ended: ${said}`)));
  });
  await within(STEP_SECONDS, "Keystone listens", listening);
}

/** Throws unless it is granted; answers what the body has under the resource's name. */
type Ask = (method: string, path: string, body?: object) => Promise<{ readonly id: string }>;

async function administrator(url: string, password: string): Promise<Ask> {
  const user = { name: "admin", domain: { id: "default" }, password };
  const scope = { project: { name: "admin", domain: { id: "default" } } };
  const auth = { identity: { methods: ["password"], password: { user } }, scope };
  const login = await fetch(`${url}/auth/tokens`, { method: "POST", body: JSON.stringify({ auth }), headers: JSON_BODY });
  const token = login.headers.get("x-subject-token") ?? "";
  return async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${url}/${path}`, { method, headers: { ...JSON_BODY, "x-auth-token": token }, ...sent });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Keystone: ${method} ${path}: ${answer.status} ${text}`);
    // One object under its name, or nothing.
    return text === "" ? { id: "" } : (Object.values(JSON.parse(text) as Record<string, { id: string }>)[0] ?? { id: "" });
  };
}

const JSON_BODY = { "content-type": "application/json" };

async function populate(ask: Ask, accounts: readonly Account[], password: string): Promise<void> {
  const roles = await named(ask, "roles");
  const projects = await named(ask, "projects");
  const users = await named(ask, "users");
  const wanted = [...accounts, { name: "neutron", project: "service", role: "service" }];
  for (const { name, project, role } of wanted) {
    const where = projects.get(project) ?? (await ask("POST", "projects", { project: { name: project, domain_id: "default" } })).id;
    const who = users.get(name) ?? (await ask("POST", "users", { user: { name, password, domain_id: "default" } })).id;
    projects.set(project, where);
    await ask("PUT", `projects/${where}/users/${who}/roles/${roles.get(role) ?? role}`);
  }
}

/** Ids by name. */
async function named(ask: Ask, plural: string): Promise<Map<string, string>> {
  // The first value of a list's body is the list.
  const list = (await ask("GET", plural)) as unknown as readonly { readonly id: string; readonly name: string }[];
  return new Map(list.map(({ id, name }) => [name, id]));
}

async function offered(ask: Ask, type: string, url: string): Promise<void> {
  const { id } = await ask("POST", "services", { service: { type, name: type } });
  for (const face of ["public", "internal", "admin"])
    await ask("POST", "endpoints", { endpoint: { service_id: id, interface: face, region_id: "RegionOne", url } });
}
