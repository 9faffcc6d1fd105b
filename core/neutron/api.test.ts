/** What all resources have in common: bodies, errors, lists, pages, bulk creation, revisions, tags. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer } from "./api.ts";
import { ADMIN, allIn, idOf, MEMBER, OTHER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

const create = (box: Sandbox, said: Fields) => box.ask(MEMBER, "POST", "networks", { network: said });
const namesOf = (box: Sandbox, query: string) => allIn(box.ask(MEMBER, "GET", `networks?${query}`), "networks").map(({ name }) => name);

function withNetworks(...names: readonly string[]): Sandbox {
  const box = sandbox();
  for (const name of names) create(box, { name });
  return box;
}

describe("requests that are refused", () => {
  const bad = (message: string) => `400 HTTPBadRequest: ${message}`;
  const bodies: readonly (readonly [unknown, string])[] = [
    [undefined, bad("Unable to find 'network' in request body")],
    [[1, 2], bad("Body contains invalid data")],
    [{ subnet: {} }, bad("Unable to find 'network' in request body")],
    [{ network: "x" }, bad("Object 'network' contains invalid data")],
    [{ networks: [] }, bad("Resources required")],
    [{ network: { name: null } }, bad("Invalid input for name. Reason: 'None' is not a valid string.")],
    [{ network: { admin_state_up: "maybe" } }, "400 InvalidInput: Invalid input for operation: 'maybe' cannot be converted to boolean."],
    [
      { network: { project_id: "p-other" } },
      bad("Specifying 'project_id' other than the authenticated project in request is not allowed for the current user."),
    ],
    [{ network: { project_id: "p-member", tenant_id: "p-x" } }, bad("'project_id' and 'tenant_id' do not match")],
    // In this order: an unknown key is told before a wrong value.
    [{ network: { colour: "blue", name: null } }, bad("Unrecognized attribute(s) 'colour'")],
  ];
  for (const [body, refusal] of bodies)
    test(`POST ${JSON.stringify(body)}`, () => assert.equal(refusalOf(sandbox().ask(MEMBER, "POST", "networks", body)), refusal));

  const NOT_FOUND = "404 HTTPNotFound: The resource could not be found.";
  const methods: readonly (readonly [method: string, path: string, refusal: string])[] = [
    ["GET", "bananas", NOT_FOUND],
    ["GET", "networks/x/bananas", NOT_FOUND],
    ["PUT", "networks", "404 NetworkNotFound: Network None could not be found."],
    ["GET", "networks/x", "404 NetworkNotFound: Network x could not be found."],
  ];
  for (const [method, path, refusal] of methods)
    test(`${method} ${path}`, () => assert.equal(refusalOf(sandbox().ask(MEMBER, method, path)), refusal));
  for (const [method, path] of [
    ["PATCH", "networks"],
    ["HEAD", "networks"],
    ["POST", "networks/x"],
    ["PATCH", "networks/x"],
  ] as const)
    test(`${method} ${path} is no method`, () => assert.match(refusalOf(sandbox().ask(MEMBER, method, path)), /^405 HTTPMethodNotAllowed/));

  test("DELETE takes no body", () => {
    const box = withNetworks("a");
    const [id] = [...box.cloud.all("network")].map((network) => network.id);
    assert.equal(refusalOf(box.ask(MEMBER, "DELETE", `networks/${id}`, {})), bad("Request body is not supported in DELETE."));
  });

  test("what is refused changes nothing", () => {
    const box = sandbox();
    box.ask(MEMBER, "POST", "networks", { networks: [{ name: "a" }, { name: "b", mtu: 9000 }] });
    assert.deepEqual([...box.cloud.all("network"), ...box.cloud.all("security_group")], []);
  });
});

describe("several at once", () => {
  test("are not changed: a change is of one", () => {
    const box = withNetworks("a");
    const [id] = [...box.cloud.all("network")].map((network) => network.id);
    const put = box.ask(MEMBER, "PUT", `networks/${id}`, { networks: [{ name: "b" }, { name: "c" }] });
    assert.equal(refusalOf(put), "400 HTTPBadRequest: Unable to find 'network' in request body");
    assert.equal(box.cloud.get("network", String(id))?.name, "a");
  });

  test("all are made, in order, wrapped or not", () => {
    const made = sandbox().ask(MEMBER, "POST", "networks", { networks: [{ name: "a" }, { network: { name: "b" } }] });
    assert.deepEqual([made.status, allIn(made, "networks").map(({ name }) => name)], [201, ["a", "b"]]);
  });

  test("each sees those before it: addresses, MACs and the default group", () => {
    const box = sandbox();
    const network = idOf(box.ask(MEMBER, "POST", "networks", { network: {} }));
    box.ask(MEMBER, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, cidr: "10.0.0.0/29" } });
    const ports = (count: number) => ({ ports: Array.from({ length: count }, () => ({ network_id: network })) });
    assert.match(refusalOf(box.ask(MEMBER, "POST", "ports", ports(6))), /^409 IpAddressGenerationFailure/);
    assert.equal(box.cloud.addresses.size, 0);
    assert.equal(box.ask(MEMBER, "POST", "ports", ports(5)).status, 201);
    assert.equal(box.cloud.addresses.size, 5);
    assert.equal(box.cloud.count("security_group", "project_id", MEMBER.project), 1);
  });

  test("two subnets in one request may not overlap, and the network is changed by both", () => {
    const box = sandbox();
    const network = idOf(box.ask(MEMBER, "POST", "networks", { network: {} }));
    const subnets = (...cidrs: readonly string[]) => ({ subnets: cidrs.map((cidr) => ({ network_id: network, ip_version: 4, cidr })) });
    assert.match(refusalOf(box.ask(MEMBER, "POST", "subnets", subnets("10.0.0.0/24", "10.0.0.0/25"))), /overlaps with another subnet/);
    assert.equal(box.ask(MEMBER, "POST", "subnets", subnets("10.0.0.0/24", "10.0.1.0/24")).status, 201);
    assert.equal(box.cloud.get("network", network)?.revision_number, 2);
  });

  test("the quota counts all of them", () => {
    const box = sandbox();
    box.ask(ADMIN, "PUT", `quotas/${MEMBER.project}`, { quota: { network: 2 } });
    const over = box.ask(MEMBER, "POST", "networks", { networks: [{}, {}, {}] });
    assert.equal(refusalOf(over), "409 OverQuota: Quota exceeded for resources: ['network'].");
    assert.equal(box.ask(MEMBER, "POST", "networks", { networks: [{}, {}] }).status, 201);
  });
});

describe("lists", () => {
  test("a repeated filter is any of them, several filters are all of them", () => {
    const box = withNetworks("a", "b", "c");
    assert.deepEqual(namesOf(box, "name=a&name=b").toSorted(), ["a", "b"]);
    assert.deepEqual(namesOf(box, "name=a&name=b&admin_state_up=False"), []);
    assert.equal(
      refusalOf(box.ask(MEMBER, "GET", "networks?shared=perhaps")),
      "400 InvalidInput: Invalid input for operation: 'perhaps' cannot be converted to boolean.",
    );
  });

  test("an empty text finds what is empty", () => assert.deepEqual(namesOf(withNetworks("", "a"), "name="), [""]));

  test("the owner goes by two names, and both count", () => {
    const box = withNetworks("a");
    assert.deepEqual(namesOf(box, `tenant_id=${MEMBER.project}`), ["a"]);
    assert.deepEqual(namesOf(box, `tenant_id=${MEMBER.project}&project_id=p-other`), []);
    const [shown] = allIn(box.ask(MEMBER, "GET", "networks?fields=tenant_id"), "networks");
    assert.deepEqual(shown, { tenant_id: MEMBER.project });
  });

  test("unknown fields are left out", () =>
    assert.deepEqual(allIn(withNetworks("a").ask(MEMBER, "GET", "networks?fields=x"), "networks"), [{}]));

  test("ports are found by whole addresses, by parts of them, by subnet, and by all of these together", () => {
    const box = sandbox();
    const network = idOf(create(box, {}));
    const subnet = idOf(box.ask(MEMBER, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, cidr: "10.0.0.0/24" } }));
    for (const host of [5, 50, 77])
      box.ask(MEMBER, "POST", "ports", { port: { network_id: network, name: `p${host}`, fixed_ips: [{ ip_address: `10.0.0.${host}` }] } });
    const found = (query: string) => allIn(box.ask(MEMBER, "GET", `ports?${query}`), "ports").map(({ name }) => name);
    assert.deepEqual(found("fixed_ips=ip_address=10.0.0.5"), ["p5"]);
    assert.deepEqual(found("fixed_ips=ip_address=10.0.0.5&fixed_ips=ip_address=10.0.0.77"), ["p5", "p77"]);
    assert.deepEqual(found("fixed_ips=ip_address_substr=0.5"), ["p5", "p50"]);
    assert.equal(found(`fixed_ips=subnet_id=${subnet}`).length, 3);
    assert.deepEqual(found(`fixed_ips=subnet_id=x&fixed_ips=ip_address=10.0.0.5`), []);
    assert.equal(
      refusalOf(box.ask(MEMBER, "GET", "ports?fixed_ips=foo")),
      "400 InvalidInput: Invalid input for operation: 'foo' is not of the form <key>=[value].",
    );
  });

  test("sort keys in turn, each in its direction", () => {
    const box = sandbox();
    for (const [name, up] of [
      ["a", true],
      ["b", false],
      ["c", true],
    ] as const)
      create(box, { name, admin_state_up: up });
    assert.deepEqual(namesOf(box, "sort_key=admin_state_up&sort_dir=asc&sort_key=name&sort_dir=desc"), ["b", "c", "a"]);
    assert.match(refusalOf(box.ask(MEMBER, "GET", "networks?sort_key=name")), /The number of sort_keys and sort_dirs must be same$/);
    assert.match(refusalOf(box.ask(MEMBER, "GET", "networks?sort_key=name&sort_dir=up")), /\['up'\] is invalid value for sort_dirs/);
  });

  test("pages link to each other until one is short", () => {
    const box = withNetworks("a", "b", "c");
    const seen: unknown[] = [];
    let query: string | undefined = "limit=2&sort_key=name&sort_dir=asc";
    while (query !== undefined) {
      const page = box.ask(MEMBER, "GET", `networks?${query}`);
      seen.push(allIn(page, "networks").map(({ name }) => name));
      const links = ((page.body as Fields)["networks_links"] ?? []) as readonly Fields[];
      query = String(links.find(({ rel }) => rel === "next")?.["href"] ?? "").split("?")[1];
    }
    assert.deepEqual(seen, [["a", "b"], ["c"]]);
  });

  test("a page backwards ends before its marker", () => {
    const box = withNetworks("a", "b", "c");
    const [c] = allIn(box.ask(MEMBER, "GET", "networks?name=c"), "networks");
    assert.deepEqual(namesOf(box, `limit=1&sort_key=name&sort_dir=asc&marker=${c?.["id"]}&page_reverse=True`), ["b"]);
    assert.equal(refusalOf(box.ask(MEMBER, "GET", "networks?limit=1&marker=x")), "404 NetworkNotFound: Network x could not be found.");
    assert.equal(
      refusalOf(box.ask(MEMBER, "GET", "networks?limit=x")),
      "400 BadRequest: Bad limit request: Limit must be an integer 0 or greater and not 'x'.",
    );
  });

  test("a plain list has no links", () =>
    assert.deepEqual(Object.keys(withNetworks("a").ask(MEMBER, "GET", "networks").body as Fields), ["networks"]));

  test("an index and a scan find the same", () => {
    const box = sandbox();
    const networks = ["a", "b"].map((name) => idOf(create(box, { name })));
    for (let at = 0; at < 20; at++)
      box.ask(MEMBER, "POST", "ports", { port: { network_id: networks[at % 2], device_id: `vm${at % 3}`, name: `${at}` } });
    const all = allIn(box.ask(MEMBER, "GET", "ports"), "ports");
    const found = allIn(box.ask(MEMBER, "GET", `ports?network_id=${networks[0]}&device_id=vm1`), "ports");
    assert.deepEqual(
      found,
      all.filter((port) => port["network_id"] === networks[0] && port["device_id"] === "vm1"),
    );
    assert.ok(found.length > 0);
  });
});

describe("revisions", () => {
  test("a change counts, and tells when; saying what is so already is no change", () => {
    const box = withNetworks("a");
    const [id] = [...box.cloud.all("network")].map((network) => network.id);
    box.time.now = "2026-11-23T09:00:00Z";
    const put = (said: Fields) => shownIn(box.ask(MEMBER, "PUT", `networks/${id}`, { network: said }), "network");
    assert.deepEqual([put({ name: "a" })["revision_number"], put({})["revision_number"]], [0, 0]);
    const changed = put({ name: "b" });
    assert.deepEqual(
      [changed["revision_number"], changed["updated_at"], changed["created_at"]],
      [1, "2026-11-23T09:00:00Z", "2026-11-23T08:00:00Z"],
    );
  });

  test("If-Match holds a change, and a deletion, to what was seen", () => {
    const box = withNetworks("a");
    const [id] = [...box.cloud.all("network")].map((network) => network.id);
    const put = (match: string) => box.ask(MEMBER, "PUT", `networks/${id}`, { network: { name: "b" } }, match);
    assert.equal(refusalOf(put("revision_number=99")), "412 RevisionNumberConstraintFailed: Constrained to 99, but current revision is 0");
    assert.match(refusalOf(put("newest")), /^400 BadRequest: Bad if-match request/);
    assert.equal(put('"revision_number=0"').status, 200);
    assert.match(refusalOf(box.ask(MEMBER, "DELETE", `networks/${id}`, undefined, "revision_number=0")), /^412/);
    assert.equal(box.ask(MEMBER, "DELETE", `networks/${id}`, undefined, "revision_number=1").status, 204);
  });
});

describe("tags", () => {
  test("are held to what was seen of their object, too", () => {
    const box = withNetworks("a");
    const [id] = [...box.cloud.all("network")].map((network) => network.id);
    for (const [method, path, body] of [
      ["PUT", "tags", { tags: ["red"] }],
      ["POST", "tags", { tags: ["red"] }],
      ["PUT", "tags/red"],
      ["DELETE", "tags"],
    ] as const)
      assert.match(refusalOf(box.ask(MEMBER, method, `networks/${id}/${path}`, body, "revision_number=9")), /^412/);
    assert.equal(box.ask(MEMBER, "PUT", `networks/${id}/tags/red`, undefined, "revision_number=0").status, 201);
  });

  test("are set together or one by one, count as changes, and filter", () => {
    const box = withNetworks("a", "b");
    const [id] = allIn(box.ask(MEMBER, "GET", "networks?name=a"), "networks").map((network) => network["id"]);
    const tags = (method: string, path = "", body?: unknown) => box.ask(MEMBER, method, `networks/${id}/tags${path}`, body);
    assert.deepEqual(tags("PUT", "", { tags: ["red", "blue"] }).body, { tags: ["red", "blue"] });
    assert.equal(tags("PUT", "/green").status, 201);
    assert.deepEqual(tags("GET").body, { tags: ["blue", "green", "red"] });
    assert.deepEqual([tags("GET", "/green").status, tags("DELETE", "/green").status, tags("GET", "/green").status], [204, 204, 404]);
    assert.equal(box.cloud.get("network", String(id))?.revision_number, 3);
    assert.deepEqual(namesOf(box, "tags=red,blue"), ["a"]);
    assert.deepEqual(namesOf(box, "tags-any=red,pink"), ["a"]);
    assert.deepEqual(namesOf(box, "not-tags=red,pink").toSorted(), ["a", "b"]);
    assert.deepEqual(namesOf(box, "not-tags-any=red,pink"), ["b"]);
    assert.equal(tags("DELETE").status, 204);
    assert.deepEqual(tags("GET").body, { tags: [] });
  });

  test("are short, and fifty at most, and their owner's to set", () => {
    const box = withNetworks("a");
    const [id] = [...box.cloud.all("network")].map((network) => network.id);
    const put = (tags: unknown, who = MEMBER) => refusalOf(box.ask(who, "PUT", `networks/${id}/tags`, { tags }));
    assert.match(put(["x".repeat(256)]), /^400 InvalidInput/);
    assert.match(put(Array.from({ length: 51 }, (_, at) => `t${at}`)), /^400 BadRequest/);
    assert.equal(put(["a"], OTHER), `404 TagResourceNotFound: Resource network ${id} could not be found.`);
    box.ask(ADMIN, "PUT", `networks/${id}`, { network: { shared: true } });
    assert.equal(put(["a"], OTHER), "403 PolicyNotAuthorized: rule:update_network:tags is disallowed by policy");
  });
});

describe("paths", () => {
  test("a slash at the end and .json mean nothing", () => {
    const box = withNetworks("a");
    for (const path of ["networks/", "networks.json"]) assert.equal(allIn(box.ask(MEMBER, "GET", path), "networks").length, 1);
  });

  test("a decision leaves the cloud as it found it", () => {
    const box = sandbox();
    const request = { method: "POST", path: ["networks"], query: [], body: { network: {} }, who: MEMBER, base: "", now: box.time.now };
    const asked = answer(box.cloud, request);
    assert.equal(asked.kind, "write");
    if (asked.kind === "write") assert.ok(asked.decide(box.cloud, { now: box.time.now, uuid: () => "x", below: () => 0n }).ok);
    assert.deepEqual([...box.cloud.all("network"), ...box.cloud.all("security_group")], []);
  });
});
