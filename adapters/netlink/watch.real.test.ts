/** What a real kernel says of its own accord, in namespaces of the tests' own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { signsContract } from "#contracts/signs.contract.ts";
import type { Sign } from "#contracts/signs.ts";
import type { Route } from "#core/kinds/route.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import type { Mac } from "#core/net/mac.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { testNamespace } from "../linux/namespace.real.ts";
import { linuxRoutes } from "../linux/routes.ts";
import { bytesOfIp, bytesOfMac } from "./bytes.ts";
import type { RouteSort } from "./news.ts";

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, "waited for 10 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function watched(t: TestContext, taps = 0) {
  const here = await testNamespace(t, taps);
  return { ...here, watch: here.kernel.watch };
}

test("what others change is told by its sort, and what we change ourselves is not", async (t) => {
  const { watch, kernel, sh } = await watched(t, 1);
  const told: RouteSort[] = [];
  for (const sort of ["links", "routes", "neighbours", "addresses"] as const) t.after(watch.route([sort], () => told.push(sort)));
  const after = async (line: string) => {
    told.length = 0;
    await sh(line);
    await until(() => told.length > 0);
    return [...new Set(told)].toSorted();
  };
  const own: Route = { prefix: "10.65.0.5/32" as Cidr, to: { dev: "tap1" }, metric: 1024, after: [] };
  const routes = linuxRoutes({ ...kernel, cut: async () => new Map() });
  await routes.apply([{ op: "create", ref: "route/x", want: own }]);
  // Ours would have come before it.
  assert.deepEqual(await after("ip route add 10.65.0.9/32 dev tap1; ip link add tap2 type ifb"), ["links"]);
  assert.deepEqual(await after("ip route del 10.65.0.5/32"), ["routes"]);
  assert.deepEqual(await after("ip -6 route add 2001:db8::5/128 dev tap1 proto 88"), ["routes"]);
  assert.deepEqual(await after("ip neigh add 10.65.0.5 dev tap1 lladdr fa:16:3e:00:00:01 nud permanent"), ["neighbours"]);
  assert.deepEqual(await after("ip addr add fe80::a9fe:a9fe/128 dev tap1 nodad"), ["addresses"]);
});

test("what happens to a link is told as that link's, and as anybody's when it is known by another name", async (t) => {
  const { watch, sh } = await watched(t, 2);
  const told: (string | undefined)[] = [];
  t.after(watch.route(["links", "addresses"], (on) => told.push(on)));
  const after = async (line: string) => {
    told.length = 0;
    await sh(line);
    await until(() => told.length > 0);
    return [...new Set(told)];
  };
  assert.deepEqual(await after("ip link set tap1 down"), ["tap1"]);
  assert.deepEqual(await after("ip link add tap3 type ifb"), ["tap3"]);
  assert.deepEqual(await after("ip addr add fe80::a9fe:a9fe/128 dev tap2 nodad"), ["tap2"]);
  assert.deepEqual(await after("ip link set tap3 name tap4"), [undefined]);
  assert.deepEqual(await after("ip link del tap4"), ["tap4"]);
});

test("a change in our tables is told with the state that it led to, one in others' is not", async (t) => {
  const { watch, sh } = await watched(t);
  const told: number[] = [];
  t.after(watch.nft(({ generation }) => told.push(generation ?? 0)));
  await sh("nft 'add table inet other; add chain inet other x'");
  await sh("nft 'add table inet margay'; nft 'add set inet margay s { type ipv4_addr; }'");
  await until(() => told.length === 2);
  await sh(
    "nft 'add element inet margay s { 10.0.0.1 }'; nft 'add element inet other x { 10.0.0.1 }' || true; nft delete table inet margay",
  );
  await until(() => told.length === 4);
  assert.deepEqual(
    told,
    [...new Set(told)].toSorted((a, b) => a - b),
  );
});

test("who stops listening hears no more, and may listen again", async (t) => {
  const { watch, sh } = await watched(t);
  let [one, two] = [0, 0];
  const stop = watch.route(["links"], () => one++);
  await sh("ip link add tap1 type ifb");
  await until(() => one > 0);
  stop();
  const before = one;
  t.after(watch.route(["links"], () => two++));
  await sh("ip link add tap2 type ifb");
  await until(() => two > 0);
  assert.equal(one, before);
});

test("a process that listens ends when it wants to, without a word", async (t) => {
  const { name } = await testNamespace(t);
  const file = JSON.stringify(fileURLToPath(new URL("kernel.ts", import.meta.url)));
  const code = `import { kernelOf } from ${file}; kernelOf().watch.route(["links"], () => {}); setTimeout(() => process.exit(7), 300)`;
  const begun = Date.now();
  const child = spawn("ip", ["netns", "exec", name, process.execPath, "--input-type=module", "-e", code], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.on("data", (text: Buffer) => (words += text.toString()));
  const [status] = (await once(child, "exit")) as [number];
  assert.deepEqual([status, words], [7, ""]);
  assert.ok(Date.now() - begun < 8000);
});

/** A frame as a VM sends it that has just begun to run. */
function frameOf({ kind, mac, ip }: Sign, asked = false): Buffer {
  const from = bytesOfMac(mac);
  const all = Buffer.alloc(6, 0xff);
  if (kind === "na") {
    const [source, none] = [bytesOfIp(ip ?? ("::" as Ip)), bytesOfIp("ff02::1" as Ip)];
    const head = Buffer.from([0x60, 0, 0, 0, 0, 24, 58, 255]);
    const body = Buffer.from([136, 0, 0, 0, asked ? 0x60 : 0x20, 0, 0, 0]);
    return Buffer.concat([all, from, Buffer.from([0x86, 0xdd]), head, source, none, body, source]);
  }
  const address = kind === "garp" ? bytesOfIp(ip ?? ("0.0.0.0" as Ip)) : Buffer.alloc(4);
  const head = Buffer.from([kind === "garp" ? 0x08 : 0x80, kind === "garp" ? 0x06 : 0x35, 0, 1, 8, 0, 6, 4, 0, kind === "garp" ? 1 : 3]);
  const other = Buffer.from(address);
  if (asked) other[3] = 99;
  return Buffer.concat([all, from, head, from, address, kind === "garp" ? Buffer.alloc(6) : from, other, Buffer.alloc(18)]);
}

/** Two taps, cables whose other ends are the VMs'. */
async function signsHost(t: TestContext) {
  const [host, vm] = [await watched(t), await testNamespace(t)];
  for (const tap of ["tap1", "tap2"])
    await host.sh(`ip link add ${tap} type veth peer name ${tap} netns ${vm.name}; ip link set ${tap} up`);
  await vm.sh("ip link set tap1 up; ip link set tap2 up");
  const script = "import socket,sys;s=socket.socket(17,3);s.bind((sys.argv[1],0));s.send(bytes.fromhex(sys.argv[2]))";
  const sendFrame = (tap: string, frame: Buffer) => vm.sh(`python3 -c '${script}' ${tap} ${frame.toString("hex")}`);
  const send = async (sign: Sign) => void (await sendFrame(sign.tap, frameOf(sign)));
  return { ...host, signs: host.watch.signs, send, sendFrame, until };
}

signsContract("kernelWatch().signs", signsHost);

test("who answers, asks for others, speaks in a VLAN or goes out is no sign of life", async (t) => {
  const { signs, send, sendFrame, sh } = await signsHost(t);
  const heard: Sign[] = [];
  t.after(signs.watch((sign) => heard.push(sign)));
  const mac = "fa:16:3e:00:00:01" as Mac;
  const garp: Sign = { kind: "garp", tap: "tap1", mac, ip: "10.65.0.5" as Ip };
  const na: Sign = { kind: "na", tap: "tap1", mac, ip: "2001:db8::5" as Ip };
  assert.equal(familyOf(garp.ip ?? ""), 4);
  await sendFrame("tap1", frameOf(garp, true));
  await sendFrame("tap1", frameOf(na, true));
  const frame = frameOf(garp);
  await sendFrame("tap1", Buffer.concat([frame.subarray(0, 12), Buffer.from([0x81, 0, 0, 5]), frame.subarray(12)]));
  const forged = frameOf(garp);
  forged[27] = 9;
  await sendFrame("tap1", forged);
  await sh(`python3 -c 'import socket;s=socket.socket(17,3);s.bind(("tap1",0));s.send(bytes.fromhex("${frameOf(garp).toString("hex")}"))'`);
  await send({ ...na, tap: "tap2" });
  await until(() => heard.length > 0);
  assert.deepEqual(heard, [{ ...na, tap: "tap2" }]);
});
