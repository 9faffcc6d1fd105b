/** Who is let in by TCP, from the first file to the last token: the controller and `margay identity` as processes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readYaml } from "#adapters/yaml/document.ts";
import { home, started } from "./running.real.ts";

const MAIN = join(import.meta.dirname, "../main.ts");

/** `margay identity …` with this on standard input. */
function identity(argv: readonly string[], input = ""): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, "identity", ...argv], (_error, out, err) =>
      resolve({ status: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end(input);
  });
}

interface Account {
  readonly user: string;
  readonly password: string;
  readonly project: string;
}

async function login(
  door: string,
  { user: name, password, project }: Account,
): Promise<{ readonly status: number; readonly token: string }> {
  const domain = { name: "Default" };
  const auth = {
    identity: { methods: ["password"], password: { user: { name, domain, password } } },
    scope: { project: { name: project, domain } },
  };
  const answer = await fetch(`${door}/identity/v3/auth/tokens`, { method: "POST", body: JSON.stringify({ auth }) });
  return { status: answer.status, token: answer.headers.get("x-subject-token") ?? "" };
}

async function status(door: string, path: string, token?: string, method = "GET"): Promise<number> {
  const answer = await fetch(`${door}${path}`, {
    method,
    headers: token === undefined ? {} : { "x-auth-token": token },
    ...(method === "POST" && { body: "{}" }),
  });
  await answer.text();
  return answer.status;
}

/** Its TCP address, once it listens there. */
async function doorOf(log: readonly Record<string, unknown>[]): Promise<string> {
  while (true) {
    const door = log.map(({ address }) => String(address)).find((address) => address.startsWith("http"));
    if (door !== undefined) return door;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("users of a file come in by TCP, and what is done to the file is done to them", { timeout: 60_000 }, async (t) => {
  const directory = home(t);
  const [file, clouds] = [join(directory, "identity.yaml"), join(directory, "clouds.yaml")];
  const first = await identity(["init", "--file", file, "--clouds-yaml", clouds, "--url", "http://controller:9696"]);
  assert.deepEqual([first.status, first.err], [0, ""]);
  assert.deepEqual([statSync(file).mode & 0o777, statSync(clouds).mode & 0o777], [0o600, 0o600]);
  const entry = readYaml(readFileSync(clouds, "utf8")).value as { clouds: { margay: { auth: Record<string, string> } } };
  const { username = "", password = "", project_name = "", auth_url } = entry.clouds.margay.auth;
  assert.equal(auth_url, "http://controller:9696/identity/v3");
  assert.doesNotMatch(first.out + readFileSync(file, "utf8"), new RegExp(password));

  const { log, child } = await started(t, directory, ["--listen", "127.0.0.1:0", "--set", `auth.identity_file=${file}`]);
  const door = await doorOf(log);

  for (const path of ["/v2.0/networks", "/v2.0/", "/v2.0", "/nonsense", "/margay/v1/datacenter", "/identity/v3/projects"])
    assert.equal(await status(door, path), 401, path);
  assert.deepEqual([await status(door, "/"), await status(door, "/healthcheck"), await status(door, "/identity/v3")], [200, 200, 200]);

  const admin = await login(door, { user: username, password, project: project_name });
  assert.equal(admin.status, 201);
  assert.deepEqual([await status(door, "/v2.0/networks", admin.token), await status(door, "/nonsense", admin.token)], [200, 404]);
  assert.equal((await login(door, { user: username, password: "wrong", project: project_name })).status, 401);

  const carol = { user: "carol", password: "a secret of carol", project: "demo" };
  assert.equal((await identity(["add-project", "demo", "--file", file])).status, 0);
  const added = await identity(
    ["add-user", "carol", "--project", "demo", "--role", "reader", "--password-stdin", "--file", file],
    `${carol.password}\n`,
  );
  assert.deepEqual([added.status, added.out], [0, `${file}: changed\n`]);
  const come = async () => {
    while (true) {
      const answer = await login(door, carol);
      if (answer.status === 201) return answer.token;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  };
  const carols = await come();
  assert.deepEqual([await status(door, "/v2.0/networks", carols), await status(door, "/v2.0/networks", carols, "POST")], [200, 400]);
  assert.equal(await status(door, "/margay/v1/datacenter", carols), 403);

  const another = await identity(["set-password", "carol", "--file", file]);
  const shown = /^password: (\S{27})$/m.exec(another.out)?.[1] ?? "";
  while ((await status(door, "/v2.0/networks", carols)) !== 401) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await login(door, { ...carol, password: shown })).status, 201);
  assert.equal(await status(door, "/v2.0/networks", admin.token), 200);

  writeFileSync(file, "users: nonsense\n");
  child.kill("SIGHUP");
  while (!log.some(({ msg }) => /identity file is wrong/.test(String(msg)))) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(await status(door, "/v2.0/networks", admin.token), 200);
  const told = JSON.stringify(log);
  for (const secret of [password, carol.password, shown, admin.token, carols]) assert.ok(!told.includes(secret));
});

test("what cannot be done to a file is told, and leaves it as it is", { timeout: 60_000 }, async (t) => {
  const file = join(home(t), "identity.yaml");
  assert.match((await identity(["list", "--file", file])).err, /there is no .*identity\.yaml; `margay identity init` writes a first one/);
  const first = await identity(["init", "--file", file, "--cloud", "mine"]);
  assert.match(first.out, /--os-cloud mine[^]*clouds:\n {2}mine:\n {4}auth:\n[^]*password: \S{27}\n/);
  const before = readFileSync(file, "utf8");
  for (const [argv, reason] of [
    [["init"], /is there already; nothing has been changed/],
    [["grant", "admin", "nowhere", "member"], /there is no project "nowhere"/],
    [["set-password", "admin", "--password-stdin"], /there is no password on standard input/],
  ] as const) {
    const { status, err } = await identity([...argv, "--file", file]);
    assert.equal(status, 1);
    assert.match(err, reason);
  }
  assert.equal(readFileSync(file, "utf8"), before);
  assert.match((await identity(["grant", "admin", "admin", "service", "--file", file])).out, /changed/);
  assert.match(
    (await identity(["list", "--file", file])).out,
    /\| admin +\| Default +\| \w{32} +\| yes +\| admin: admin, manager, member, reader, service \|/,
  );
  assert.match((await identity(["hash-password"], "secret\n")).out, /^\$scrypt\$ln=15,r=8,p=3\$\S+\n$/);
});

test("without a file nobody is let in, and the log says what to do", { timeout: 30_000 }, async (t) => {
  const directory = home(t);
  const { log } = await started(t, directory, ["--listen", "127.0.0.1:0", "--set", `auth.identity_file=${directory}/none.yaml`]);
  assert.ok(log.some(({ hint }) => hint === "margay identity init"));
});

test("a controller asks a Keystone who somebody is: here, another controller", { timeout: 60_000 }, async (t) => {
  const [one, other] = [home(t), home(t)];
  const [file, secret] = [join(one, "identity.yaml"), join(other, "password")];
  const first = await identity(["init", "--file", file]);
  const password = /password: (\S+)/.exec(first.out)?.[1] ?? "";
  await identity(
    ["add-user", "neutron", "--project", "admin", "--role", "service", "--password-stdin", "--file", file],
    "of the service\n",
  );
  writeFileSync(secret, "of the service\n");
  const keystone = await doorOf((await started(t, one, ["--listen", "127.0.0.1:0", "--set", `auth.identity_file=${file}`])).log);
  const settings = [`keystone_url=${keystone}/identity`, `keystone_password_file=${secret}`, "keystone_project=admin"];
  const argv = ["--auth", "keystone", ...settings.flatMap((setting) => ["--set", `auth.${setting}`])];
  const { log } = await started(t, other, ["--listen", "127.0.0.1:0", ...argv]);
  const door = await doorOf(log);
  const { token } = await login(keystone, { user: "admin", password, project: "admin" });
  assert.deepEqual([await status(door, "/v2.0/networks", token), await status(door, "/v2.0/networks", `${token}x`)], [200, 401]);
  const refusal = await fetch(`${door}/v2.0/networks`);
  assert.equal(refusal.headers.get("www-authenticate"), `Keystone uri="${keystone}/identity"`);
  // It gives no tokens itself.
  assert.equal((await login(door, { user: "admin", password, project: "admin" })).status, 401);
  assert.doesNotMatch(JSON.stringify(log), /of the service/);
});

test(
  "a user that is added can be given an entry in clouds.yaml; where anything is wrong, neither file changes",
  { timeout: 60_000 },
  async (t) => {
    const directory = home(t);
    const [file, clouds] = [join(directory, "identity.yaml"), join(directory, "clouds.yaml")];
    const there = ["--file", file, "--clouds-yaml", clouds, "--url", "http://controller:9696"];
    await identity(["init", ...there]);
    await identity(["add-project", "demo", "--file", file]);
    const before = [file, clouds].map((path) => readFileSync(path, "utf8"));
    for (const wrong of [["--project", "nowhere"], [], ["--project", "demo", "--domain", "other"]]) {
      assert.equal((await identity(["add-user", "alice", ...wrong, ...there])).status, 1, wrong.join(" "));
      assert.deepEqual(
        [file, clouds].map((path) => readFileSync(path, "utf8")),
        before,
      );
    }
    const added = await identity(["add-user", "alice", "--project", "demo", ...there]);
    assert.deepEqual([added.status, added.err], [0, ""]);
    const { clouds: entries } = readYaml(readFileSync(clouds, "utf8")).value as {
      clouds: Record<string, { auth: Record<string, string> }>;
    };
    assert.deepEqual(Object.keys(entries), ["margay", "alice"]);
    const { username, project_name, password = "" } = entries["alice"]?.auth ?? {};
    assert.deepEqual({ username, project_name }, { username: "alice", project_name: "demo" });
    assert.match(password, /^\S{27}$/);
    assert.doesNotMatch(added.out + readFileSync(file, "utf8"), new RegExp(password));
  },
);
