/** nft takes every rule that Neutron lets a tenant write, and what it gives back is what was wanted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { nftables } from "#adapters/nft/nftables.ts";
import type { GroupRule, View } from "../../feed/item.ts";
import { membersIn } from "../../feed/members.ts";
import { nft } from "../../kinds/nft.ts";
import type { Nft } from "../../kinds/nft.ts";
import { diff } from "../../reconcile/diff.ts";
import { compileCompute } from "../compute.ts";
import { place } from "./bench.test.ts";
import { cidr, group, ip, mac, port, rule, uuid, viewOf } from "./sample-view.ts";

const PORTS = [6, 17, 33, 132, 136];
const REMOTES4 = [
  null,
  { prefix: cidr("0.0.0.0/0") },
  { prefix: cidr("10.0.0.0/8") },
  { prefix: cidr("10.65.0.5/32") },
  { prefix: cidr("10.65.0.0/16") },
  { group: uuid("g") },
  { address_group: uuid("a") },
];
const REMOTES6 = [
  null,
  { prefix: cidr("::/0") },
  { prefix: cidr("2001:db8::/32") },
  { prefix: cidr("2001:db8::5/128") },
  { prefix: cidr("fe80::/10") },
  { group: uuid("g") },
  { address_group: uuid("a") },
];

function* everyRule(): Generator<GroupRule> {
  for (const direction of ["ingress", "egress"] as const)
    for (const family of [4, 6] as const)
      for (const remote of family === 4 ? REMOTES4 : REMOTES6) {
        const make = (more: Partial<GroupRule>) => rule(direction, family, { remote, ...more });
        yield make({});
        for (let protocol = 0; protocol <= 255; protocol++) yield make({ protocol });
        for (const protocol of PORTS)
          for (const [low, high] of [
            [1, 1],
            [80, 80],
            [80, 90],
            [85, 95],
            [65_535, 65_535],
            [1, 65_535],
            [91, 100],
          ] as const)
            yield make({ protocol, port_range_min: low, port_range_max: high });
        for (const protocol of [1, 58])
          for (const type of [0, 3, 8, 128, 135, 255])
            for (const code of [null, 0, 4, 255]) yield make({ protocol, port_range_min: type, port_range_max: code });
      }
}

async function loads(t: TestContext, view: View): Promise<void> {
  const { run, kernel } = await place(t);
  const driver = nftables({ run, ...kernel });
  const want = compileCompute(view, "h1").nft.map(({ value }) => value);
  const missing = async (): Promise<Nft[]> =>
    diff(nft, want, await driver.list(want), { prune: true }).map((change) => (change.op === "delete" ? change.have : change.want));
  const changes = diff(nft, want, await driver.list(want), { prune: true });
  const outcomes = await driver.apply(changes);
  for (const [at, outcome] of outcomes.entries())
    assert.equal(outcome.state, "done", `${JSON.stringify(changes[at])}: ${JSON.stringify(outcome)}`);
  assert.deepEqual(await missing(), []);
}

test("all rules at once, put together in their chains", async (t) => {
  const rules = [...everyRule()];
  const members = new Map([[uuid("g"), membersIn([ip("10.65.0.9"), ip("2001:db8:a41:3::9")])]]);
  const prefixes = new Map([[uuid("a"), [cidr("10.0.0.0/8"), cidr("10.65.0.0/16"), cidr("2001:db8::/32")]]]);
  await loads(t, viewOf([port(1, ["10.65.0.5", "2001:db8:a41:3::5"])], { with: [group("open", rules)], members, prefixes }));
});

test("each rule in a chain of its own", async (t) => {
  const rules = [...everyRule()];
  const groups = rules.map((each, at) => ({
    ...group("x", [each]),
    id: `${at.toString(16).padStart(8, "0")}-bbbb-4000-8000-000000000000`,
  }));
  const endpoints = groups.map(({ id }, at) => ({
    ...port(1, []),
    port_id: id,
    tap: `tap${id.slice(0, 11)}`,
    groups: [id],
    mac: mac(`fa16.3e01.${at.toString(16).padStart(4, "0")}`),
  }));
  await loads(t, viewOf(endpoints, { with: groups }));
});

test("address pairs of every form, ports that are down, ports without port security", async (t) => {
  const pairs = ["0.0.0.0/0", "::/0", "10.65.0.99/32", "10.65.4.0/22", "2001:db8:a41:3::99/128", "2001:db8:a41:3:8000::/65"].map(
    (prefix, at) => ({
      prefix: cidr(prefix),
      mac: mac(at % 2 === 0 ? "fa:16:3e:00:00:01" : "00:00:5e:00:01:01"),
    }),
  );
  await loads(
    t,
    viewOf([
      port(1, ["10.65.0.5", "10.65.0.6", "2001:db8:a41:3::5"], { pairs }),
      port(2, ["10.65.0.7"], { pairs: pairs.slice(1, 2) }),
      port(3, ["10.65.0.8"], { port_security: false, pairs }),
      port(4, ["10.65.0.9"], { admin_state_up: false, pairs }),
      port(5, ["10.65.0.10"], { groups: [] }),
    ]),
  );
});
