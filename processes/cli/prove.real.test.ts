/** Routers that Margay does not run, told what it renders for them, keep every promise; and what somebody changes in them is found. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { platformFor } from "#core/router/platforms.ts";
import { liveClaims } from "#core/router/proof/live.ts";
import { prove } from "#core/router/proof/prove.ts";
import type { Claim } from "#core/router/proof/claim.ts";
import { down } from "#lab/down.ts";
import { askFrr, frrHome } from "#lab/frr.ts";
import { askProvider } from "#lab/provider-router.ts";
import { agentName, agentState } from "#lab/margay.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { machineNetns } from "#lab/place.ts";
import { inside, must } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { runningService } from "#lab/service.ts";
import { verify } from "#lab/verify/verify.ts";
import { until } from "#lab/wait.ts";
import { liveInLab } from "./prove-live.ts";

const lab = await ownLab("frr");
after(() => down(lab));

test("a gateway and a reflector that are FRR keep every promise, beside a reflector that is BIRD", { timeout: 170_000 }, async (t) => {
  const center = await raiseExample(lab, "frr");
  const platform = (name: string) => platformFor(center, name) ?? assert.fail(name);
  /** What `margay prove --live` does not find proven. */
  const open = async (): Promise<readonly Claim[]> => {
    const { given, sessions } = await liveInLab(lab, center);
    return [...prove(center, platform, given), ...liveClaims(center, sessions)].filter(({ verdict }) => verdict !== "proven");
  };
  const opened = (claims: readonly Claim[]) => claims.map(({ about, where }) => `${about} ${where}`);

  assert.deepEqual(
    (await verify(lab, center, () => undefined)).filter(({ kept }) => !kept),
    [],
  );
  assert.deepEqual(await open(), []);

  await t.test("a leak planted in FRR is found, in what stands there and in what it tells", async () => {
    const conditions = ["match ip address prefix-list ANNOUNCED-IPV4", "match community announced"];
    const edit = (lines: readonly string[]) =>
      askFrr(lab, "gw1", ["configure terminal", "route-map TO-PROVIDER-IPV4 permit 10", ...lines].join("\n"));
    await edit(conditions.map((line) => `no ${line}`));
    const told = async () => ((await open()).some(({ about }) => about === "live") ? undefined : "not yet");
    await until({ what: "the leak to be told", timeout: 10_000 }, told);
    const found = await open();
    assert.deepEqual(opened(found), ["exports gw1 → provider of gw1, IPv4", "live gw1 → provider of gw1"]);
    assert.match(found[1]?.against.join("\n") ?? "", /it is told 10\.65\.\d+\.\d+\/32/);
    await edit(conditions);
    await until({ what: "the leak to be closed", timeout: 10_000 }, async () => opened(await open()).join("; ") || undefined);
  });

  await t.test("a session that BIRD does not hold is told from both its ends", async () => {
    const ask = (word: string) => must(["birdc", "-s", `${agentState(lab, "rr2")}/bird/bird.ctl`, word, "'gateway:gw1'"]);
    await ask("disable");
    const both = async () => {
      const found = opened(await open());
      return found.join() === "live gw1,live rr2" ? undefined : `open is ${found.join() || "nothing"}`;
    };
    await until({ what: "both ends to tell", timeout: 10_000 }, both);
    await ask("enable");
    await until({ what: "the session to stand", timeout: 20_000 }, async () => opened(await open()).join("; ") || undefined);
  });

  await t.test("a hole in a gateway's nftables is found, by the packets that would pass it", async () => {
    const nft = (...words: readonly string[]) => must(inside(machineNetns(lab, "gw1"), ["nft", ...words]));
    await nft("insert", "rule", "inet", "margay", "leak", "ip", "saddr", "10.65.0.0/16", "accept");
    const found = await open();
    assert.deepEqual(opened(found), ["packets gw1 → wan0"]);
    assert.match(found[0]?.against[0] ?? "", /^10\.65\.0\.0 → .*established, by fab0, to wan0/);
    const [, handle = ""] =
      /ip saddr 10\.65\.0\.0\/16 accept # handle (\d+)/.exec(await nft("-a", "list", "chain", "inet", "margay", "leak")) ?? [];
    await nft("delete", "rule", "inet", "margay", "leak", "handle", handle);
    assert.deepEqual(await open(), []);
    await nft("delete", "table", "inet", "margay");
    assert.ok(opened(await open()).includes("read nftables of gw1"));
    await nft("-f", join(frrHome(lab, "gw1"), "gw1.nft"));
    assert.deepEqual(await open(), []);
  });

  await t.test("hosts are asked as well: what one may tell, and a session that it does not hold", async () => {
    const home = `${agentState(lab, "h1")}/bird`;
    const agent = runningService(lab, agentName("h1")) ?? assert.fail("h1 has no agent");
    const before = readFileSync(`${home}/bird.conf`, "utf8");
    // Else it would put this right while it is looked at.
    process.kill(agent.pid, "SIGSTOP");
    try {
      writeFileSync(`${home}/bird.conf`, before.replaceAll(/export where source = RTS_INHERIT.*;/g, "export all;"));
      const told = await open();
      assert.deepEqual(opened(told), ["exports every host, IPv4", "exports every host, IPv6"]);
      writeFileSync(`${home}/bird.conf`, before);
      await must(["birdc", "-s", `${home}/bird.ctl`, "disable", "'reflector:rr2'"]);
      const both = async () => (opened(await open()).join() === "live rr2,live h1" ? undefined : `open is ${opened(await open()).join()}`);
      await until({ what: "both ends to tell", timeout: 10_000 }, both);
    } finally {
      process.kill(agent.pid, "SIGCONT");
    }
    await must(["birdc", "-s", `${home}/bird.ctl`, "enable", "'reflector:rr2'"]);
    await until({ what: "the session to stand", timeout: 20_000 }, async () => opened(await open()).join("; ") || undefined);
  });

  await t.test("a gateway that is FRR is announced while it hears a reflector", async () => {
    const heard = async () => askProvider(lab, "show route where source = RTS_BGP");
    assert.match(await heard(), /172\.18\.208\.0\/24/);
    const reflectors = center.reflectors.map(({ ipv4 }) => ipv4 ?? "");
    const each = (line: (ip: string) => string) =>
      askFrr(lab, "gw1", ["configure terminal", "router bgp 64512", ...reflectors.map(line)].join("\n"));
    await each((ip) => `neighbor ${ip} shutdown`);
    await until({ what: "the provider to leave gw1", timeout: 15_000 }, async () =>
      /172\.18\.208\.0\/24|2001:db8:a41:2::\/63/.test(await heard()) ? heard() : undefined,
    );
    await each((ip) => `no neighbor ${ip} shutdown`);
    await until({ what: "gw1 to be announced again", timeout: 30_000 }, async () =>
      /172\.18\.208\.0\/24[^]*2001:db8:a41:2::\/63/.test(await heard()) ? undefined : heard(),
    );
  });
});
