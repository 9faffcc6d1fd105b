/** VMs ask an agent for their metadata through a real kernel: by their taps, and in nobody's name but their own. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { testNamespace } from "#adapters/linux/namespace.real.ts";
import type { TestNamespace } from "#adapters/linux/namespace.real.ts";
import { signatureOf } from "#adapters/metadata/signature.ts";
import { standIn } from "#adapters/metadata/stand-in.ts";
import { metadataWorld } from "#contracts/metadata.fake.ts";
import type { MetadataWorld } from "#contracts/metadata.fake.ts";
import type { Endpoint } from "#core/feed/item.ts";
import { hostSideMac } from "#core/net/mac.ts";
import type { Mac } from "#core/net/mac.ts";
import { ground, port, told } from "./told.real.ts";
import type { Told } from "./told.real.ts";

const SECRET = "a secret of Nova's";
const [FOUR, SIX] = ["http://169.254.169.254/x", "http://[fe80::a9fe:a9fe%25eth0]/x"];

interface Cloud {
  readonly agent: Told;
  readonly nova: MetadataWorld;
  /** The agent of this cloud. */
  readonly process: ChildProcess;
  /** A VM with the link-local address that all VMs have here, behind a tap. */
  guest(n: number, more?: Partial<Endpoint>): Promise<TestNamespace>;
}

interface Wishes {
  /** Nova speaks HTTPS with the first of these, and the agent believes the issuers of the second. */
  readonly tls?: { readonly shown: Pair; readonly believed: string };
  readonly metadata?: object;
}

async function cloud(t: TestContext, { tls, metadata = {} }: Wishes = {}): Promise<Cloud> {
  const directory = folder(t);
  const nova = metadataWorld((signature, instance) => signature === signatureOf(SECRET, instance));
  const server = standIn(nova, tls && { tls: { cert: readFileSync(tls.shown.certificate), key: readFileSync(tls.shown.key) } });
  server.listen(join(directory, "nova.sock"));
  t.after(() => (server.closeAllConnections(), server.close()));
  writeFileSync(join(directory, "secret"), `${SECRET}\n`, { mode: 0o600 });
  const urls = [`${tls === undefined ? "http" : "https"}://127.0.0.1:8775`];
  const settings = { urls, shared_secret_file: join(directory, "secret"), ...(tls && { ca: tls.believed }), ...metadata };
  const agent = await told(t, { metadata: settings });
  background(t, agent.host, ["socat", "TCP4-LISTEN:8775,bind=127.0.0.1,fork,reuseaddr", `UNIX-CONNECT:${join(directory, "nova.sock")}`]);
  agent.say(...(await ground()));
  const guest = async (n: number, more: Partial<Endpoint> = {}) => {
    const vm = await testNamespace(t);
    const message = port(n);
    assert.ok(message.op === "put");
    const value = { ...(message.value as Endpoint), ...more };
    nova.instances.set(`server-${n}`, { project: "project-1", at: () => `server-${n}` });
    const [mac, tap] = [value.mac, value.tap];
    await agent.host.sh(
      `ip link add ${tap} address ${hostSideMac(mac as Mac)} type veth peer name eth0 address ${mac} netns ${vm.name}; ip link set ${tap} up`,
    );
    await vm.sh(`sysctl -qw net.ipv6.conf.eth0.addr_gen_mode=1 net.ipv6.conf.eth0.accept_dad=0; ip link set eth0 up
      ip addr add fe80::77/64 dev eth0 nodad; ip addr add 10.65.0.${n}/16 dev eth0; ip route add default via 10.65.0.1`);
    const revision = agent.say({ ...message, value });
    await eventually(`port ${n} is up`, () => agent.report()?.revision === revision && agent.report()?.endpoints[`p${n}`]?.state === "up");
    return vm;
  };
  const process = agent.start();
  await eventually(
    "the agent listens",
    async () => Object.values((await agent.status()).metadata?.doors ?? {}).join() === "listening,listening",
  );
  return { agent, nova, process, guest };
}

/** What an answer says, or why there is none: its status, or curl's words. */
async function ask(vm: TestNamespace, url: string, ...more: readonly string[]): Promise<string> {
  const { stdout, stderr } = await vm.run(["curl", "-sS", "-g", "--max-time", "2", "-w", " %{http_code}", ...more, url]);
  const [, text = "", status = ""] = /^([^]*) (\d+)$/.exec(stdout) ?? [];
  if (status === "200") return text;
  return status === "000" ? stderr.trim() : status;
}

test("each VM is told its own by its tap, though all have one link-local address, and whatever they say", async (t) => {
  const { guest, nova } = await cloud(t);
  const [one, other] = [await guest(17), await guest(18)];
  const lies = ["X-Instance-ID", "x_instance_id", "X-Tenant-ID", "X-Forwarded-For"].flatMap((name) => ["-H", `${name}: server-18`]);
  for (const url of [FOUR, SIX])
    assert.deepEqual([await ask(one, url), await ask(other, url), await ask(one, url, ...lies)], ["server-17", "server-18", "server-17"]);
  assert.equal(await ask(one, FOUR, "-d", "password"), "server-17");
  assert.deepEqual([nova.heard.at(-1)?.method, Buffer.from(nova.heard.at(-1)?.body ?? []).toString()], ["POST", "password"]);
  const said = nova.heard.map(({ headers }) => headers.find(([name]) => name === "X-Forwarded-For")?.[1]);
  assert.deepEqual(new Set(said), new Set(["10.65.0.17", "10.65.0.18"]));
});

test("neither groups nor port security decide about it; a port that is down has none", async (t) => {
  const { guest } = await cloud(t);
  const [closed, open, down] = [
    await guest(17, { groups: [] }),
    await guest(18, { port_security: false, groups: [] }),
    await guest(19, { admin_state_up: false }),
  ];
  for (const url of [FOUR, SIX]) assert.deepEqual([await ask(closed, url), await ask(open, url)], ["server-17", "server-18"]);
  for (const url of [FOUR, SIX]) assert.match(await ask(down, url), /timed out|Could not connect|No route/i);
});

test("nobody is answered in the name of another: not by its address, whatever the port may send from", async (t) => {
  const { agent, guest, nova } = await cloud(t);
  await guest(17);
  const open = await guest(18, { port_security: false });
  const paired = await guest(19, { pairs: [{ prefix: "10.65.0.17/32" as never, mac: "fa:16:3e:00:00:13" as never }] });
  for (const liar of [open, paired]) {
    await liar.sh("ip addr add 10.65.0.17/32 dev eth0");
    assert.match(await ask(liar, FOUR, "--interface", "10.65.0.17"), /timed out/);
  }
  assert.deepEqual(nova.heard, []);
  // Nor do their packets come so far that the agent could believe them.
  assert.doesNotMatch(await agent.host.sh("nft list set inet margay calls"), /tap1[89]/);
});

test("nothing else of the host is reached there, and nobody else gets there", async (t) => {
  const { agent, guest } = await cloud(t);
  const vm = await guest(17);
  background(t, agent.host, ["socat", "TCP6-LISTEN:8080,fork,reuseaddr,ipv6only=0", "EXEC:/bin/cat"]);
  await eventually(
    "a service of the host listens",
    async () => (await agent.host.run(["sh", "-c", "ss -Hltn 'sport = 8080' | grep -q ."])).code === 0,
  );
  const elsewhere = [
    "169.254.169.254:8080",
    "[fe80::a9fe:a9fe%25eth0]:8080",
    "10.65.0.1:8080",
    "10.65.0.1:80",
    "10.65.0.1:16924",
    "169.254.169.254:22",
  ];
  const closed = async (from: TestNamespace, target: string) =>
    assert.match(await ask(from, `http://${target}/`), /timed out|No route|Could not connect/i, target);
  await Promise.all(elsewhere.map((target) => closed(vm, target)));
  const machine = await testNamespace(t);
  await agent.host
    .sh(`ip link add fab1 type veth peer name eth0 netns ${machine.name}; ip link set fab1 up; ip addr add 192.168.100.11/32 dev fab1
    ip route add 192.168.100.9 dev fab1; ip addr add fe80::1/64 dev fab1 nodad`);
  await machine.sh(`ip link set eth0 up; ip addr add 192.168.100.9/24 dev eth0; ip route add 169.254.0.0/16 via 192.168.100.11
    ip addr add fe80::9/64 dev eth0 nodad; ip route add fd6d:6172:6761:79::/64 via fe80::1 dev eth0; ping -c 1 -W 2 192.168.100.11 >/dev/null`);
  const doors = ["169.254.169.254", "169.254.169.254:16924", "[fd6d:6172:6761:79::a9fe:a9fe]:16924", "[fe80::a9fe:a9fe%25eth0]"];
  await Promise.all(doors.map((target) => closed(machine, target)));
  // Nor does anybody on the wire learn that the address is here.
  await machine.sh("ip route replace 169.254.169.254/32 dev eth0");
  assert.match(await ask(machine, FOUR), /timed out|No route|Could not connect/i);
  assert.doesNotMatch(await machine.sh("ip neigh show 169.254.169.254"), /lladdr/);
});

test("one VM that does nothing but ask keeps no other from being answered", async (t) => {
  const { agent, guest } = await cloud(t);
  const [loud, quiet] = [await guest(17), await guest(18)];
  // Fifty questions at once on each of so many connections, each opened anew as soon as it is closed.
  const program = `const { connect } = require("node:net");
    const open = () => connect(80, "169.254.169.254", function () { this.write("GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".repeat(50)); })
      .on("error", () => {}).on("close", () => setTimeout(open, 5)).resume();
    for (let i = 0; i < 64; i++) open();`;
  background(t, loud, [process.execPath, "-e", program]);
  await eventually("the flood is refused", async () => ((await agent.status()).metadata?.requests.limited ?? 0) > 200);
  for (let turn = 0; turn < 20; turn++) assert.equal(await ask(quiet, turn % 2 === 0 ? FOUR : SIX), "server-18");
  assert.match(await loud.sh(`curl -s -o /dev/null -D - --max-time 2 ${FOUR} || true`), /^HTTP\/1.1 429|^$/);
});

test("Nova is asked over HTTPS where its issuer is known, and not believed where it is not", async (t) => {
  const directory = folder(t);
  const [shown, other] = [pair(directory, "nova"), pair(directory, "other")];
  const good = await cloud(t, { tls: { shown, believed: shown.certificate } });
  assert.equal(await ask(await good.guest(17), FOUR), "server-17");
  const bad = await cloud(t, { tls: { shown, believed: other.certificate } });
  assert.equal(await ask(await bad.guest(17), FOUR), "502");
  assert.match((await bad.agent.status()).metadata?.nova ?? "", /self-signed|unable to verify/);
  assert.deepEqual(bad.nova.heard, []);
});

test("an agent that is killed is missed no longer than until the next one knows who is here; a link that somebody takes away comes back", async (t) => {
  const { agent, guest, process: first } = await cloud(t);
  const vm = await guest(17);
  assert.equal(await ask(vm, FOUR), "server-17");
  first.kill("SIGKILL");
  await once(first, "exit");
  agent.start();
  for (const url of [FOUR, SIX]) await eventually(`${url} is answered`, async () => (await ask(vm, url)) === "server-17");
  await agent.host.sh("ip link del margay-meta; ip addr del fe80::a9fe:a9fe/128 dev tap17");
  for (const url of [FOUR, SIX]) await eventually(`${url} is answered again`, async () => (await ask(vm, url)) === "server-17");
});

test("an agent that is started while no controller is there answers whoever was here when it was told last", async (t) => {
  const { agent, guest, process: first } = await cloud(t);
  const vm = await guest(17);
  await eventually(
    "the view is kept",
    () => existsSync(join(agent.state, "last-view")) && !existsSync(join(agent.state, "last-view.behind")),
  );
  first.kill("SIGKILL");
  await once(first, "exit");
  agent.hush();
  agent.start();
  for (const url of [FOUR, SIX]) await eventually(`${url} is answered`, async () => (await ask(vm, url)) === "server-17");
});

test("settings that are read again count from then on", async (t) => {
  const { agent, guest, process: running } = await cloud(t);
  const vm = await guest(17);
  agent.rewrite({});
  running.kill("SIGHUP");
  await eventually("there is no metadata", async () => (await ask(vm, FOUR)) === "503");
  assert.match(await vm.sh(`curl -s ${FOUR}`), /no metadata API is configured on this host/);
});

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "margay-metadata-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Signed by itself, for 127.0.0.1. */
function pair(directory: string, name: string): Pair {
  const [certificate, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=IP:127.0.0.1`;
  execFileSync("openssl", [...words.split(" "), "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return { certificate, key };
}

/** A program that runs there until the test ends. */
function background(t: TestContext, { name }: TestNamespace, argv: readonly string[]): void {
  const child = spawn("ip", ["netns", "exec", name, ...argv], { stdio: "ignore", detached: true });
  t.after(() => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, "SIGKILL"));
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await Promise.resolve(holds()).catch(() => false))) {
    assert.ok(Date.now() < deadline, `${what}: not within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
