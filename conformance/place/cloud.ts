/** A controller of a conformance test's own: on loopback, with the embedded identity, and gone after the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { hashPassword } from "#adapters/identity/passwords.ts";
import { COST } from "#core/identity/password-hash.ts";

const MAIN = fileURLToPath(new URL("../../processes/main.ts", import.meta.url));

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
  /** Of everybody: who can read the test's folder may know it. */
  readonly password: string;
  /** As administrator; throws unless it is granted. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
}

/** Starts it with these accounts; subnets may overlap, and addresses are given out again at once, as suites want it. */
export async function testCloud(t: TestContext, accounts: readonly Account[]): Promise<TestCloud> {
  const home = mkdtempSync(join(tmpdir(), "margay-conformance-"));
  t.after(() => rmSync(home, { recursive: true }));
  const port = await freePort();
  const password = "conformance";
  const passwordHash = await hashPassword(password, { ...COST, logN: 10 });
  const users = accounts.map(({ name, project, role }) => ({ name, password_hash: passwordHash, roles: { [project]: [role] } }));
  const projects = [...new Set(accounts.map(({ project }) => project))].map((name) => ({ name }));
  write(home, "identity.yaml", { projects, users });
  write(home, "controller.yaml", {
    listen: { api: [`127.0.0.1:${port}`, `unix:${join(home, "api.sock")}`] },
    store: { path: join(home, "store.sqlite") },
    auth: { how: "embedded", identity_file: join(home, "identity.yaml") },
    cloud: { overlapping_subnets: "allowed", dead_next_hops: "allowed", quarantine_seconds: 0 },
  });
  await started(t, join(home, "controller.yaml"));
  return { home, url: `http://127.0.0.1:${port}`, password, ask: asker(join(home, "api.sock")) };
}

/** JSON is YAML. */
function write(home: string, name: string, content: object): void {
  writeFileSync(join(home, name), JSON.stringify(content, undefined, 2), { mode: 0o600 });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // Of a TCP listener, the address is one with a port.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function started(t: TestContext, config: string): Promise<void> {
  const child = spawn(process.execPath, [MAIN, "controller", "--config", config], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const lines = createInterface({ input: child.stdout });
  let said = "";
  let listening = 0;
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      said += `${line}\n`;
      if (line.includes('"listening"') && ++listening === 2) resolve();
    });
    child.once("exit", () => reject(new Error(`the controller ended: ${said}`)));
  });
}

function asker(socketPath: string): TestCloud["ask"] {
  return async (method, path, body) => {
    const { request } = await import("node:http");
    const asked = request({ socketPath, method, path, agent: false });
    asked.end(body === undefined ? "" : JSON.stringify(body));
    const [answer] = await once(asked, "response");
    let text = "";
    for await (const part of answer) text += String(part);
    if (Number(answer.statusCode) >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
}
