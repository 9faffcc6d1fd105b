/** To whom the addresses of allowed address pairs lead. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import { claimsOf, taken } from "./pair-claims.ts";
import type { Taking } from "./pair-claims.ts";
import { agentsAlive } from "./sandbox-vm.ts";
import { ADMIN, idOf, sandbox } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";

const VIP = "10.0.0.100" as Ip;
const VMAC = "00:00:5e:00:01:01" as Mac;

/** Ports of VMs on three hosts of one network, each of which claims the address unless told otherwise. */
function vrrp() {
  const box = sandbox();
  agentsAlive(box, ["h1", "h2", "h3"]);
  const make = (plural: string, fields: Fields) => idOf(box.ask(ADMIN, "POST", plural, { [plural.slice(0, -1)]: fields }));
  const network = make("networks", {});
  make("subnets", { network_id: network, ip_version: 4, cidr: "10.0.0.0/24" });
  const pairs = [{ ip_address: VIP, mac_address: VMAC }];
  const port = (host: string, said: Fields = {}) =>
    make("ports", { network_id: network, "binding:host_id": host, device_owner: "compute:nova", allowed_address_pairs: pairs, ...said });
  const row = (id: string) => box.cloud.get("port", id) ?? assert.fail();
  const claim = (id: string) => claimsOf(box.cloud, row(id)).find(({ ip }) => ip === VIP);
  const holders = (...ids: readonly string[]) => ids.map((id) => claim(id)?.held);
  const change = (id: string, said: Fields) => box.ask(ADMIN, "PUT", `ports/${id}`, { port: said });
  const sign = (id: string, said: Partial<Taking> = {}) => {
    const before = row(id);
    const after = taken(box.cloud, before, before["binding:host_id"], { ip: VIP, mac: VMAC, turn: claim(id)?.turn ?? 0, ...said });
    box.cloud.apply(`port/${id}`, after);
    return after !== before;
  };
  return { box, make, network, port, row, claim, holders, change, sign };
}

test("an address that one port alone claims leads to it; of several, nobody's until one shows a sign of life with it", () => {
  const { port, claim, holders } = vrrp();
  const a = port("h1");
  assert.deepEqual(claim(a), { ip: VIP, macs: [VMAC], mac: VMAC, turn: 0, held: true });
  const b = port("h2");
  assert.deepEqual(holders(a, b), [false, false]);
});

test("it leads to whoever showed the latest sign of life; who is left when that one goes has it again", () => {
  const { box, port, claim, holders, sign, change } = vrrp();
  const [a, b, c] = [port("h1"), port("h2"), port("h3")];
  assert.equal(sign(a), true);
  assert.deepEqual(holders(a, b, c), [true, false, false]);
  assert.equal(sign(b), true);
  assert.deepEqual([holders(a, b, c), claim(c)?.turn], [[false, true, false], 2]);
  assert.equal(sign(a, { turn: 0 }), false, "a sign from before");
  change(b, { admin_state_up: false });
  assert.deepEqual(holders(a, b, c), [true, undefined, false]);
  change(b, { admin_state_up: true, name: "back" });
  assert.deepEqual(holders(a, b, c), [false, true, false]);
  box.ask(ADMIN, "DELETE", `ports/${b}`);
  change(a, { allowed_address_pairs: [] });
  assert.deepEqual([holders(c), claim(c)?.turn], [[true], 0], "the only one that is left");
  assert.deepEqual(box.cloud.get("port", a)?.holds, []);
});

test("the MAC of the latest sign is the one that it is reached at; only MACs of pairs count", () => {
  const { port, claim, sign } = vrrp();
  const other = "00:00:5e:00:01:02" as Mac;
  const a = port("h1", {
    allowed_address_pairs: [
      { ip_address: `${VIP}/32`, mac_address: VMAC },
      { ip_address: VIP, mac_address: other },
    ],
  });
  assert.equal(claim(a)?.mac, VMAC);
  assert.equal(sign(a, { mac: "fa:16:3e:00:00:01" as Mac }), false);
  assert.equal(sign(a, { mac: other }), true);
  assert.equal(claim(a)?.mac, other);
});

describe("it leads to nobody where", () => {
  const nobody = (what: string, make: (it: ReturnType<typeof vrrp>) => string, ip: string = VIP) =>
    test(what, () => {
      const it = vrrp();
      const id = make(it);
      assert.deepEqual(
        claimsOf(it.box.cloud, it.row(id)).filter((claim) => claim.ip === ip),
        [],
      );
    });
  const paired = (ip_address: string) => ({ allowed_address_pairs: [{ ip_address }] });
  nobody("the pair is a prefix", ({ port }) => port("h1", paired("10.0.0.96/29")));
  nobody("it is no address of the network", ({ port }) => port("h1", paired("192.0.2.7")), "192.0.2.7");
  nobody("it is the gateway's", ({ port }) => port("h1", paired("10.0.0.1")), "10.0.0.1");
  nobody("no host serves the port", ({ port }) => port(""));
  nobody("the port is down", ({ port }) => port("h1", { admin_state_up: false }));
  nobody("a bound port has it for its own", ({ port }) => {
    port("h2", { fixed_ips: [{ ip_address: VIP }], allowed_address_pairs: [] });
    return port("h1");
  });
});

test("a port without a host may keep the address for whoever claims it", () => {
  const { port, holders } = vrrp();
  port("", { fixed_ips: [{ ip_address: VIP }], allowed_address_pairs: [] });
  assert.deepEqual(holders(port("h1")), [true]);
});
