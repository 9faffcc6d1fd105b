/** Port forwardings: several ports of one floating IP, each to where it should. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Who } from "../policy/who.ts";
import type { ApiResponse } from "./api-types.ts";
import { ADMIN, allIn, idOf, MEMBER, OTHER, READER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

interface Site {
  readonly box: Sandbox;
  /** A floating IP of MEMBER's that leads nowhere yet. */
  readonly floating: string;
  /** A port of MEMBER's with 10.1.0.10, on a network of its own that is shared. */
  readonly port: string;
  readonly network: string;
  forward(said?: Fields, who?: Who): ApiResponse;
  change(id: string, said: Fields): ApiResponse;
}

const SSH = { protocol: "tcp", internal_ip_address: "10.1.0.10", internal_port: 22, external_port: 2222 };

function site(): Site {
  const box = sandbox();
  const network = (said: Fields, cidr: string) => {
    const network_id = idOf(box.ask(ADMIN, "POST", "networks", { network: said }));
    box.ask(ADMIN, "POST", "subnets", { subnet: { network_id, cidr, ip_version: 4 } });
    return network_id;
  };
  const external = network({ "router:external": true }, "198.51.100.0/24");
  const lan = network({ shared: true, project_id: MEMBER.project }, "10.1.0.0/24");
  const port = idOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: lan, fixed_ips: [{ ip_address: "10.1.0.10" }] } }));
  const floating = idOf(box.ask(MEMBER, "POST", "floatingips", { floatingip: { floating_network_id: external } }));
  const url = `floatingips/${floating}/port_forwardings`;
  return {
    box,
    floating,
    port,
    network: lan,
    forward: (said = {}, who = MEMBER) => box.ask(who, "POST", url, { port_forwarding: { ...SSH, internal_port_id: port, ...said } }),
    change: (id, said) => box.ask(MEMBER, "PUT", `${url}/${id}`, { port_forwarding: said }),
  };
}

const MISSING = "00000000-0000-4000-8000-00000000dead";
const shown = (response: ApiResponse) => shownIn(response, "port_forwarding");
const ranges = (response: ApiResponse) => {
  const { external_port, external_port_range, internal_port, internal_port_range } = shown(response);
  return [external_port, external_port_range, internal_port, internal_port_range];
};

describe("a port forwarding", () => {
  test("is told in both forms, without owner or floating IP", () => {
    const { forward, port } = site();
    const { id, ...told } = shown(forward());
    assert.equal(typeof id, "string");
    assert.deepEqual(told, {
      protocol: "tcp",
      external_port: 2222,
      external_port_range: "2222:2222",
      internal_port_id: port,
      internal_ip_address: "10.1.0.10",
      internal_port: 22,
      internal_port_range: "22:22",
      description: "",
    });
  });

  test("makes its floating IP ACTIVE, which tells of it", () => {
    const { box, forward, floating, port } = site();
    const seen = () => shownIn(box.ask(MEMBER, "GET", `floatingips/${floating}`), "floatingip");
    assert.deepEqual([seen()["status"], seen()["port_forwardings"]], ["DOWN", []]);
    const id = idOf(forward());
    const [told = {}] = seen()["port_forwardings"] as readonly Fields[];
    assert.deepEqual([seen()["status"], told["id"], told["internal_port_id"], told["external_port"]], ["ACTIVE", id, port, 2222]);
    assert.equal(box.ask(MEMBER, "DELETE", `floatingips/${floating}/port_forwardings/${id}`).status, 204);
    assert.deepEqual([seen()["status"], seen()["port_forwardings"]], ["DOWN", []]);
  });

  test("may be of ranges: all to one port, or each to its own", () => {
    const { forward } = site();
    const range = (external: string, internal: Fields) =>
      forward({ external_port: null, external_port_range: external, internal_port: null, ...internal });
    assert.deepEqual(ranges(range("8000:8010", { internal_port: 80 })), [null, "8000:8010", 80, "80:80"]);
    assert.deepEqual(ranges(range("9000:9010", { internal_port_range: "90:100" })), [null, "9000:9010", null, "90:100"]);
    assert.match(refusalOf(range("7000:7010", { internal_port_range: "70:75" })), /^400 BadRequest: .*must be N-N or 1-N/);
    assert.match(
      refusalOf(range("20000:30000", { internal_port_range: "30001:40001" })),
      /^400 BadRequest: .*ports of the same numbers only/,
    );
    assert.equal(range("20000:30000", { internal_port_range: "20000:30000" }).status, 201);
  });

  test("says one thing, and enough", () => {
    const { forward } = site();
    for (const range of ["", "a", "5:4", "0:7", "1:65536", "1:2:3"])
      assert.match(
        refusalOf(forward({ external_port: null, external_port_range: range })),
        /^400 HTTPBadRequest: Invalid input for external_port_range/,
      );
    assert.match(refusalOf(forward({ external_port: 0 })), /^400 HTTPBadRequest: Invalid input for external_port/);
    assert.match(refusalOf(forward({ external_port_range: "1:2" })), /^400 BadRequest: .*say different things/);
    assert.equal(forward({ external_port_range: "2222" }).status, 201);
    const { external_port: _, ...silent } = { ...SSH, internal_port_id: MISSING };
    assert.match(
      refusalOf(forward({ ...silent, external_port: null })),
      /^400 HTTPBadRequest: .*Required attribute 'external_port' not specified/,
    );
    assert.match(refusalOf(forward({ protocol: "icmp" })), /^400 HTTPBadRequest: Invalid input for protocol/);
  });

  test("leads to an IPv4 address of a port that the asker sees", () => {
    const { forward, port } = site();
    assert.match(
      refusalOf(forward({ internal_ip_address: "10.1.0.99" })),
      new RegExp(`^400 BadRequest: .*not suitable for internal neutron port ${port}`),
    );
    assert.equal(refusalOf(forward({ internal_port_id: MISSING })), `404 PortNotFound: Port ${MISSING} could not be found.`);
  });

  test("does not share a port with another", () => {
    const { forward, box, network } = site();
    forward({ external_port: null, external_port_range: "8000:8010" });
    assert.equal(
      refusalOf(forward({ external_port: 8005, internal_port: 23 })),
      "400 BadRequest: Bad port_forwarding request: There is a port collision with the external_port_range. " +
        "The following ranges collides: 8000:8010 and 8005:8005.",
    );
    assert.match(refusalOf(forward({ external_port: 9000 })), /port collision with the internal_port_range/);
    assert.equal(forward({ external_port: 8005, protocol: "udp" }).status, 201, "another protocol is another port");
    const other = idOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: network, fixed_ips: [{ ip_address: "10.1.0.11" }] } }));
    assert.equal(forward({ external_port: 9000, internal_port_id: other, internal_ip_address: "10.1.0.11" }).status, 201);
  });

  test("changes in what is said alone", () => {
    const { forward, change } = site();
    const id = idOf(forward());
    assert.deepEqual(ranges(change(id, { external_port: 3333 })), [3333, "3333:3333", 22, "22:22"]);
    assert.equal(shown(change(id, { description: "ssh" }))["description"], "ssh");
    const second = idOf(forward({ internal_port: 23 }));
    assert.match(refusalOf(change(second, { external_port: 3333 })), /port collision/);
    assert.equal(refusalOf(change(MISSING, {})), `404 PortForwardingNotFound: Port Forwarding ${MISSING} could not be found.`);
  });

  test("is its floating IP's project's", () => {
    const { box, forward, floating } = site();
    const url = `floatingips/${floating}/port_forwardings`;
    const id = idOf(forward());
    assert.equal(refusalOf(forward({}, READER)), "403 PolicyNotAuthorized: rule:create_floatingip_port_forwarding is disallowed by policy");
    assert.equal(allIn(box.ask(READER, "GET", `${url}?external_port=2222`), "port_forwardings").length, 1);
    assert.equal(allIn(box.ask(READER, "GET", `${url}?protocol=udp`), "port_forwardings").length, 0);
    assert.equal(refusalOf(box.ask(OTHER, "GET", `${url}/${id}`)), `404 FloatingIPNotFound: Floating IP ${floating} could not be found`);
  });
});

describe("a floating IP is led as a whole or by its ports", () => {
  test("one with port forwardings cannot be associated, nor go", () => {
    const { box, floating, forward, port } = site();
    forward();
    const used = `409 FipInUseByPortForwarding: Floating IP ${floating} in use by Port Forwarding resources.`;
    assert.equal(refusalOf(box.ask(MEMBER, "PUT", `floatingips/${floating}`, { floatingip: { port_id: port } })), used);
    assert.equal(refusalOf(box.ask(MEMBER, "DELETE", `floatingips/${floating}`)), used);
  });

  test("one that is associated has none, and neither has a port with a floating IP", () => {
    const { box, floating, forward, port, network } = site();
    box.ask(MEMBER, "PUT", `floatingips/${floating}`, { floatingip: { port_id: port } });
    assert.match(refusalOf(forward()), /^409 PortHasBindingFloatingIP: .*already has a binding floating IP/);
    const other = idOf(box.ask(MEMBER, "POST", "ports", { port: { network_id: network, fixed_ips: [{ ip_address: "10.1.0.11" }] } }));
    assert.match(refusalOf(forward({ internal_port_id: other, internal_ip_address: "10.1.0.11" })), /^409 FloatingIPPortAlreadyAssociated/);
  });

  test("they go with the port, and with its address", () => {
    const { box, floating, forward, port } = site();
    const left = () => [...box.cloud.by("port_forwarding", "floatingip_id", floating)].length;
    forward();
    box.ask(MEMBER, "PUT", `ports/${port}`, { port: { fixed_ips: [{ ip_address: "10.1.0.12" }] } });
    assert.equal(left(), 0);
    forward({ internal_ip_address: "10.1.0.12" });
    assert.equal(left(), 1);
    box.ask(MEMBER, "DELETE", `ports/${port}`);
    assert.equal(left(), 0);
  });
});

describe("a port of another project", () => {
  const leading = (who: Who) => {
    const it = site();
    const theirs = it.box.ask(OTHER, "POST", "ports", { port: { network_id: it.network } });
    const [{ ip_address: address } = assert.fail()] = shownIn(theirs, "port")["fixed_ips"] as readonly { readonly ip_address: string }[];
    const external = it.box.cloud.get("floatingip", it.floating)?.floating_network_id;
    const floating = { floating_network_id: external, port_id: idOf(theirs) };
    assert.equal(it.box.ask(OTHER, "POST", "floatingips", { floatingip: floating }).status, 201);
    return { it, port: idOf(theirs), answer: it.forward({ internal_port_id: idOf(theirs), internal_ip_address: address }, who) };
  };

  test("is led to by administrators alone, even on the asker's own network", () => {
    const { port, answer } = leading(MEMBER);
    assert.match(refusalOf(answer), new RegExp(`^400 BadRequest: .*Port ${port}, since that port is owned by a different tenant`));
    assert.match(refusalOf(leading(ADMIN).answer), /^409 PortHasBindingFloatingIP/);
  });

  test("whose network it is not is told that it is not there, and not what leads to it", () => {
    const { it, port } = leading(ADMIN);
    it.box.ask(ADMIN, "PUT", `networks/${it.network}`, { network: { shared: true } });
    const lan = idOf(it.box.ask(ADMIN, "POST", "networks", { network: {} }));
    it.box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: lan, cidr: "10.2.0.0/24", ip_version: 4 } });
    const hidden = idOf(it.box.ask(ADMIN, "POST", "ports", { port: { network_id: lan, project_id: OTHER.project } }));
    assert.notEqual(hidden, port);
    it.box.ask(ADMIN, "PUT", `floatingips/${it.floating}`, { floatingip: {} });
    assert.equal(refusalOf(it.forward({ internal_port_id: hidden })), `404 PortNotFound: Port ${hidden} could not be found.`);
  });
});
