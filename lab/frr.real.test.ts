/** Routers that Margay does not run, told what it renders for them, keep every promise; and what somebody changes in them is found. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { down } from "./down.ts";
import { askFrr } from "./frr.ts";
import { labNamed, machineNetns } from "./place.ts";
import { must } from "./program.ts";
import { askProvider } from "./provider-router.ts";
import { raiseExample } from "./raise.ts";
import { agentState } from "./margay.ts";
import { verify } from "./verify/verify.ts";
import { until } from "./wait.ts";

const lab = labNamed("frr");
after(() => down(lab));

const MARGAY = fileURLToPath(new URL("../processes/main.ts", import.meta.url));

interface Claim {
  readonly about: string;
  readonly where: string;
  readonly verdict: string;
  readonly against: readonly string[];
}

/** What `margay prove --live` does not find proven in the lab. */
function open(): readonly Claim[] {
  const { stdout, stderr } = spawnSync(process.execPath, [MARGAY, "prove", "--live", "--name", lab.name, "--json"], { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as Claim[]).filter(({ verdict }) => verdict !== "proven");
}

const opened = (claims: readonly Claim[]) => claims.map(({ about, where }) => `${about} ${where}`);

test("a gateway and a reflector that are FRR keep every promise, beside a reflector that is BIRD", { timeout: 170_000 }, async (t) => {
  const center = await raiseExample(lab, "frr");
  const broken = (await verify(lab, center, () => undefined)).filter(({ kept }) => !kept);
  assert.deepEqual(broken, []);
  assert.deepEqual(open(), []);

  await t.test("a leak planted in FRR is found, in what stands there and in what it tells", async () => {
    const [config, leak] = ["configure terminal", "route-map TO-PROVIDER-IPV4 permit 10"];
    const lines = [config, leak, "no match ip address prefix-list ANNOUNCED-IPV4", "no match community announced"].join("\n");
    await askFrr(lab, "gw1", lines);
    await until({ what: "the leak to be told", timeout: 10_000 }, () =>
      open().some(({ about }) => about === "live") ? undefined : "not yet",
    );
    const found = open();
    assert.deepEqual(opened(found), ["exports gw1 → provider of gw1, IPv4", "live gw1 → provider of gw1"]);
    assert.match(found[1]?.against.join("\n") ?? "", /it is told 10\.65\.\d+\.\d+\/32/);
    const mended = [config, leak, "match ip address prefix-list ANNOUNCED-IPV4", "match community announced"].join("\n");
    await askFrr(lab, "gw1", mended);
    await until({ what: "the leak to be closed", timeout: 10_000 }, () => opened(open()).join("; ") || undefined);
  });

  await t.test("and one planted in BIRD, and a session that is shut", async () => {
    const home = `${agentState(lab, "rr2")}/bird`;
    await must(["sh", "-c", `sed -i 's/export where .*;/export all;/' ${home}/bird.conf`]);
    assert.deepEqual(opened(open()), []);
    await must(["birdc", "-s", `${home}/bird.ctl`, "disable", "'gateway:gw1'"]);
    const found = open();
    assert.ok(opened(found).includes("live rr2"), opened(found).join("; "));
    assert.ok(opened(found).includes("live gw1"), opened(found).join("; "));
    assert.equal((await must(["ip", "-n", machineNetns(lab, "h1"), "route", "show", "default"])).includes("192.168.100.1"), true);
  });

  await t.test("a gateway that is FRR is announced while it hears a reflector", async () => {
    const heard = async () => askProvider(lab, "show route where source = RTS_BGP");
    assert.match(await heard(), /172\.18\.208\.0\/24/);
    const last = "configure terminal\nrouter bgp 64512\n";
    await askFrr(lab, "gw1", `${last}neighbor 192.168.100.5 shutdown`);
    await until({ what: "the provider to leave gw1", timeout: 15_000 }, async () =>
      /172\.18\.208\.0\/24|2001:db8:a41:2::\/63/.test(await heard()) ? heard() : undefined,
    );
    await askFrr(lab, "gw1", `${last}no neighbor 192.168.100.5 shutdown`);
    await until({ what: "gw1 to be announced again", timeout: 30_000 }, async () =>
      /172\.18\.208\.0\/24[^]*2001:db8:a41:2::\/63/.test(await heard()) ? undefined : heard(),
    );
  });
});
