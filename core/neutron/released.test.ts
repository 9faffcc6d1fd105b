/** An address rests between two ports: nobody is given it unasked, whoever asks for it gets it, and no restart forgets it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readIp } from "../net/address.ts";
import { Cloud } from "./cloud.ts";
import { Quarantine } from "./quarantine.ts";
import { ADMIN, idOf, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";
import type { CloudSettings } from "./settings.ts";

interface Lan {
  readonly box: Sandbox;
  readonly network: string;
  readonly subnet: string;
  readonly create: (said?: object) => ReturnType<Sandbox["ask"]>;
}

/** Two addresses to give: 10.0.0.2 and 10.0.0.3 of a /29 whose pool is so small. */
function lan(settings: Partial<CloudSettings> = {}): Lan {
  const box = sandbox({ quarantineSeconds: 60, ...settings });
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: {} }));
  const pool = { start: "10.0.0.2", end: "10.0.0.3" };
  const said = { network_id: network, ip_version: 4, cidr: "10.0.0.0/29", allocation_pools: [pool] };
  const subnet = idOf(box.ask(ADMIN, "POST", "subnets", { subnet: said }));
  return { box, network, subnet, create: (said = {}) => box.ask(ADMIN, "POST", "ports", { port: { network_id: network, ...said } }) };
}

const at = (second: number) => `2026-11-23T08:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")}Z`;

function addressesOf(response: ReturnType<Sandbox["ask"]>): readonly string[] {
  const fixed = shownIn(response, "port")["fixed_ips"] as readonly { readonly ip_address: string }[];
  return fixed.map(({ ip_address: address }) => address);
}

function released(box: Sandbox): number {
  return [...box.cloud.all("released")].length;
}

describe("a released address", () => {
  test("is given out again when its time is over, and not a second before", () => {
    const { box, network, create } = lan();
    const [first, second] = [create(), create()].map(idOf);
    assert.equal(box.ask(ADMIN, "DELETE", `ports/${first}`).status, 204);
    const exhausted = `409 IpAddressGenerationFailure: No more IP addresses available on network ${network}.`;
    assert.equal(refusalOf(create()), exhausted);
    box.time.now = at(59);
    assert.equal(refusalOf(create()), exhausted);
    box.time.now = at(60);
    assert.equal(create().status, 201);
    assert.equal(box.ask(ADMIN, "GET", `ports/${second}`).status, 200);
    assert.equal(released(box), 0, "the row goes with the one who takes the address");
  });

  test("is for whoever asks for it", () => {
    const { box, create } = lan();
    const first = create({ fixed_ips: [{ ip_address: "10.0.0.2" }] });
    box.ask(ADMIN, "DELETE", `ports/${idOf(first)}`);
    assert.equal(released(box), 1);
    assert.deepEqual(addressesOf(create({ fixed_ips: [{ ip_address: "10.0.0.2" }] })), ["10.0.0.2"]);
    assert.equal(released(box), 0);
  });

  test("rests as well when a port exchanges it for another", () => {
    const { box, create } = lan();
    const first = idOf(create({ fixed_ips: [{ ip_address: "10.0.0.2" }] }));
    box.ask(ADMIN, "PUT", `ports/${first}`, { port: { fixed_ips: [{ ip_address: "10.0.0.3" }] } });
    assert.equal(create().status, 409);
    box.time.now = at(60);
    assert.deepEqual(addressesOf(create()), ["10.0.0.2"]);
  });

  test("rests as well when it followed from a MAC that changed", () => {
    const { box, network, create } = lan();
    const modes = { ip_version: 6, cidr: "2001:db8::/64", ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" };
    box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ...modes } });
    const id = idOf(create({ mac_address: "fa:16:3e:00:00:01" }));
    box.ask(ADMIN, "PUT", `ports/${id}`, { port: { mac_address: "fa:16:3e:00:00:02" } });
    assert.deepEqual(box.cloud.get("released", "2001:db8::f816:3eff:fe00:1"), { until: at(60) });
    box.ask(ADMIN, "PUT", `ports/${id}`, { port: { mac_address: "fa:16:3e:00:00:01" } });
    assert.equal(box.cloud.get("released", "2001:db8::f816:3eff:fe00:1"), undefined, "it is in use again");
  });

  test("has no row when its subnet ends with it, nor where operators want no rest", () => {
    const ended = lan();
    const slaac = { ip_version: 6, cidr: "2001:db8::/64", ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" };
    const subnet = idOf(ended.box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: ended.network, ...slaac } }));
    ended.create();
    assert.equal(ended.box.ask(ADMIN, "DELETE", `subnets/${subnet}`).status, 204);
    assert.equal(released(ended.box), 0);

    const gateway = lan();
    gateway.box.ask(ADMIN, "DELETE", `ports/${idOf(gateway.create({ fixed_ips: [{ ip_address: "10.0.0.1" }] }))}`);
    assert.equal(released(gateway.box), 0, "a gateway is given to nobody unasked anyway");

    const restless = lan({ quarantineSeconds: 0 });
    restless.box.ask(ADMIN, "DELETE", `ports/${idOf(restless.create())}`);
    assert.equal(released(restless.box), 0);
  });

  test("is remembered by a controller that starts anew", () => {
    const { box, create } = lan();
    const ports = [create(), create()];
    box.ask(ADMIN, "DELETE", `ports/${idOf(ports[0] ?? assert.fail())}`);
    const [address] = addressesOf(ports[0] ?? assert.fail());
    const again = new Cloud();
    for (const table of ["network", "subnet", "port"] as const)
      for (const row of box.cloud.all(table)) again.apply(`${table}/${row.id}`, row);
    again.apply(`released/${address}`, box.cloud.get("released", String(address)));
    const bits = 0x0a000002n;
    assert.ok(again.addresses.nextFree(4, bits) > 0x0a000003n);
    again.addresses.pass(at(60));
    assert.ok(again.addresses.nextFree(4, bits) <= 0x0a000003n);
  });

  test("loses its row in the course of later decisions, a few at a time", () => {
    const box = sandbox({ quarantineSeconds: 60 });
    const network = idOf(box.ask(ADMIN, "POST", "networks", { network: {} }));
    box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, cidr: "10.0.0.0/24" } });
    const port = () => box.ask(ADMIN, "POST", "ports", { port: { network_id: network } });
    const ports = Array.from({ length: 40 }, () => idOf(port()));
    for (const id of ports) box.ask(ADMIN, "DELETE", `ports/${id}`);
    assert.equal(released(box), 40);
    box.time.now = at(60);
    const before = idOf(port());
    assert.ok(released(box) < 40 && released(box) >= 30, `${released(box)} rows are left`);
    for (let more = 0; more < 5; more++) port();
    assert.equal(released(box), 0);
    box.ask(ADMIN, "PUT", `ports/${before}`, { port: { name: "x" } });
    assert.equal(released(box), 0);
  });
});

describe("the quarantine", () => {
  const step = fc.record({ host: fc.nat(12), until: fc.option(fc.nat(90), { nil: undefined }), now: fc.nat(90) });

  test("holds whatever a plain list would, in whatever order rows come and go while time passes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [quarantine, plain] = [new Quarantine(), new Map<string, number>()];
        let now = 0;
        for (const one of steps) {
          const address = readIp(`10.0.0.${one.host}`) ?? assert.fail();
          now = Math.max(now, one.now);
          quarantine.set(address, one.until === undefined ? undefined : at(one.until));
          plain.delete(address);
          if (one.until !== undefined) plain.set(address, one.until);
          quarantine.pass(at(now));
          const over = [...plain].filter(([, until]) => until <= now).map(([host]) => host);
          assert.deepEqual([...quarantine.over()].toSorted(), over.toSorted());
          for (const [host, until] of plain) assert.equal(quarantine.holds(readIp(host) ?? assert.fail()), until > now);
        }
      }),
      { numRuns: 300 },
    );
  });
});
