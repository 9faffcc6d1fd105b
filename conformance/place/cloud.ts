/** A controller of a conformance test's own: on loopback, with the embedded identity, and gone after the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { hashPassword } from "#adapters/identity/passwords.ts";
import { freePort } from "./free-port.ts";
import type { TestKeystone } from "./keystone.ts";
import { MORTAL, within } from "./program.ts";

const MAIN = fileURLToPath(new URL("../../processes/main.ts", import.meta.url));
/** The least that is taken for a password: suites ask for tokens by the hundred. */
const CHEAP = { logN: 14, r: 8, p: 1 };
/** A machine that does ten other things starts slowly. */
const START_SECONDS = 30;
const ANSWER_SECONDS = 30;

export interface Account {
  readonly name: string;
  readonly project: string;
  readonly role: "admin" | "member" | "reader";
}

export interface TestCloud {
  /** A folder for whatever the test needs. */
  readonly home: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Of administrators, and of hosts. */
  readonly socket: string;
  /** Where its clients get their tokens. */
  readonly identityUrl: string;
  /** Of everybody: who can read the test's folder may know it. */
  readonly password: string;
  /** As administrator; throws unless it is granted. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  /** Lines of its log that tell of errors. */
  errors(): readonly string[];
}

/** Of its own identity service, or in a Keystone. */
export type Identity = readonly Account[] | TestKeystone;

/** Starts it; subnets may overlap, and addresses are given out again at once, as suites want it. */
export async function testCloud(t: TestContext, identity: Identity): Promise<TestCloud> {
  const home = mkdtempSync(join(tmpdir(), "margay-conformance-"));
  t.after(() => rmSync(home, { recursive: true }));
  const [port, socket] = [await freePort(), join(home, "api.sock")];
  const url = `http://127.0.0.1:${port}`;
  const { auth, ...known } = "offer" in identity ? byKeystone(home, identity) : await embedded(home, { accounts: identity, url });
  write(home, "controller.yaml", {
    listen: { api: [`127.0.0.1:${port}`, `unix:${socket}`] },
    store: { path: join(home, "store.sqlite") },
    auth,
    cloud: { overlapping_subnets: "allowed", dead_next_hops: "allowed", quarantine_seconds: 0 },
  });
  const errors = await started(t, join(home, "controller.yaml"));
  return { home, url, socket, ...known, ask: asker(socket), errors };
}

/** Settings below `auth`, and what clients must know. */
type Known = Pick<TestCloud, "identityUrl" | "password"> & { readonly auth: object };

async function embedded(home: string, { accounts, url }: { readonly accounts: readonly Account[]; readonly url: string }): Promise<Known> {
  const password = "conformance";
  write(home, "identity.yaml", identityFile(accounts, await hashPassword(password, CHEAP)));
  const auth = { how: "embedded", identity_file: join(home, "identity.yaml") };
  return { auth, password, identityUrl: `${url}/identity/v3` };
}

function byKeystone(home: string, { url, password }: TestKeystone): Known {
  const file = join(home, "keystone-password");
  writeFileSync(file, password, { mode: 0o600 });
  return { auth: { how: "keystone", keystone_url: url, keystone_password_file: file }, password, identityUrl: url };
}

function identityFile(accounts: readonly Account[], passwordHash: string): object {
  return {
    projects: [...new Set(accounts.map(({ project }) => project))].map((name) => ({ name })),
    users: accounts.map(({ name, project, role }) => ({ name, password_hash: passwordHash, roles: { [project]: [role] } })),
  };
}

/** JSON is YAML. */
function write(home: string, name: string, content: object): void {
  writeFileSync(join(home, name), JSON.stringify(content, undefined, 2), { mode: 0o600 });
}

/** Once it listens by both doors: the errors that it tells of. */
async function started(t: TestContext, config: string): Promise<TestCloud["errors"]> {
  const argv = [...MORTAL.slice(1), process.execPath, MAIN, "controller", "--config", config];
  const child = spawn(MORTAL[0], argv, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  let last = "";
  const errors: string[] = [];
  let doors = 0;
  const listening = new Promise<void>((resolve, reject) => {
    const heard = (line: string) => {
      last = line;
      if (line.includes('"level":"error"')) errors.push(line);
      if (line.includes('"msg":"listening"') && ++doors === 2) resolve();
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", heard);
    child.once("close", () => reject(new Error(`the controller ended: ${last}`)));
  });
  await within(START_SECONDS, "the controller listens", listening);
  return () => errors;
}

function asker(socketPath: string): TestCloud["ask"] {
  return async (method, path, body) => {
    const asked = request({ socketPath, method, path, agent: false });
    asked.end(body === undefined ? "" : JSON.stringify(body));
    const [answer] = await within(ANSWER_SECONDS, `the answer to ${method} ${path}`, once(asked, "response"));
    let text = "";
    for await (const part of answer) text += String(part);
    if (Number(answer.statusCode) >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
}
