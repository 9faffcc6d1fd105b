/** Routers that Margay does not run, told what it renders for them, keep every promise; and what somebody changes in them is found. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { platformFor } from "#core/router/platforms.ts";
import { liveClaims } from "#core/router/proof/live.ts";
import { prove } from "#core/router/proof/prove.ts";
import type { Claim } from "#core/router/proof/claim.ts";
import { down } from "#lab/down.ts";
import { askFrr } from "#lab/frr.ts";
import { agentState } from "#lab/margay.ts";
import { labNamed } from "#lab/place.ts";
import { must } from "#lab/program.ts";
import { raiseExample } from "#lab/raise.ts";
import { verify } from "#lab/verify/verify.ts";
import { until } from "#lab/wait.ts";
import { liveInLab } from "./prove-live.ts";

const lab = labNamed("frr");
after(() => down(lab));

test("a gateway and a reflector that are FRR keep every promise, beside a reflector that is BIRD", { timeout: 120_000 }, async (t) => {
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
});
