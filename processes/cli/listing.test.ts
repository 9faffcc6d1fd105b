import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { endpointOf, unreachable } from "./client.ts";

const MARGAY = fileURLToPath(new URL("../main.ts", import.meta.url));
const TENANT = "ed34337f935745bb911ee80bdab6eb1c";
const [EXTERNAL, INTERNAL] = ["8d5dec25-a6aa-4e18-8706-a51637a428c2", "fa52b704-7b3c-4c83-8698-244807352711"];
const [V4, V6] = ["54db559c-5e1d-4bdc-83b0-c479ef2a0ead", "cf6ceea0-dde0-4018-ab9a-f8f68935622b"];
const [V4I, V6I] = ["301b3e63-5352-4d06-872b-8fb23cc05a2c", "bf1ec2a0-9b57-4c69-8b1a-5ae1c4e5e5e5"];
const PORT = "0e3f9c1c-2bd6-4a2e-9ac7-0e1f6d4a7b11";

const network = (id: string, name: string, subnets: readonly string[]) => ({
  id,
  name,
  subnets,
  tenant_id: TENANT,
  project_id: TENANT,
  admin_state_up: true,
  status: "ACTIVE",
  shared: true,
  "router:external": name === "external",
  mtu: 1500,
  "provider:network_type": "local",
  "provider:physical_network": null,
  "provider:segmentation_id": null,
});

const subnet = (id: string, cidr: string, more: object) => ({
  id,
  cidr,
  network_id: EXTERNAL,
  tenant_id: TENANT,
  host_routes: [],
  ...more,
});

/** What the API of the guide's data centre answers, in no particular order. */
const RECORDED: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  networks: [network(INTERNAL, "internal", [V6I, V4I]), network(EXTERNAL, "external", [V6, V4])],
  subnets: [
    subnet(V6I, "2001:db8:a41:3::/64", { name: "internal6" }),
    subnet(V4I, "10.65.0.0/16", { name: "internal4" }),
    subnet(V6, "2001:db8:a41:2::/64", { name: "twin" }),
    subnet(V4, "172.18.208.0/24", {
      name: "twin",
      ip_version: 4,
      enable_dhcp: true,
      gateway_ip: "172.18.208.1",
      dns_nameservers: [],
      allocation_pools: [{ start: "172.18.208.2", end: "172.18.208.254" }],
    }),
  ],
  ports: [
    {
      id: PORT,
      name: "vm1",
      mac_address: "fa:16:3e:00:00:3c",
      fixed_ips: [
        { ip_address: "172.18.208.5", subnet_id: V4 },
        { ip_address: "2001:db8:a41:2::5", subnet_id: V6 },
      ],
    },
  ],
};

const asked: IncomingMessage[] = [];
const server = createServer((request, response) => {
  asked.push(request);
  const url = new URL(request.url ?? "", "http://api");
  const collection = url.pathname.replace("/v2.0/", "");
  const items = RECORDED[collection]?.filter((item) => [...url.searchParams].every(([key, value]) => item[key] === value));
  response.statusCode = items === undefined ? 404 : 200;
  response.end(
    JSON.stringify(
      items === undefined ? { NeutronError: { type: "HTTPNotFound", message: "No such thing.", detail: "" } } : { [collection]: items },
    ),
  );
});
let url = "";

/** The address that it was given. */
async function listening(to: Server): Promise<string> {
  await new Promise<void>((done) => void to.listen(0, "127.0.0.1", done));
  const address = to.address();
  assert.ok(typeof address === "object" && address !== null);
  return `http://127.0.0.1:${address.port}`;
}

before(async () => {
  url = await listening(server);
});
after(() => void server.close());

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function margay(argv: readonly string[], env: Readonly<Record<string, string>> = { MARGAY_URL: url }): Promise<Ended> {
  return new Promise((ended) => {
    execFile(process.execPath, [MARGAY, ...argv], { env, timeout: 20_000 }, (error, stdout, stderr) =>
      ended({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

async function printed(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await margay(argv);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

test("net-list prints the guide's table", async () => {
  assert.equal(
    await printed("net-list"),
    `\
+--------------------------------------+----------+----------------------------------------------------------+
| id                                   | name     | subnets                                                  |
+--------------------------------------+----------+----------------------------------------------------------+
| 8d5dec25-a6aa-4e18-8706-a51637a428c2 | external | 54db559c-5e1d-4bdc-83b0-c479ef2a0ead 172.18.208.0/24     |
|                                      |          | cf6ceea0-dde0-4018-ab9a-f8f68935622b 2001:db8:a41:2::/64 |
| fa52b704-7b3c-4c83-8698-244807352711 | internal | 301b3e63-5352-4d06-872b-8fb23cc05a2c 10.65.0.0/16        |
|                                      |          | bf1ec2a0-9b57-4c69-8b1a-5ae1c4e5e5e5 2001:db8:a41:3::/64 |
+--------------------------------------+----------+----------------------------------------------------------+
`,
  );
});

const NET_SHOW = `\
+---------------------------+--------------------------------------+
| Field                     | Value                                |
+---------------------------+--------------------------------------+
| admin_state_up            | True                                 |
| id                        | 8d5dec25-a6aa-4e18-8706-a51637a428c2 |
| name                      | external                             |
| provider:network_type     | local                                |
| provider:physical_network |                                      |
| provider:segmentation_id  |                                      |
| router:external           | True                                 |
| shared                    | True                                 |
| status                    | ACTIVE                               |
| subnets                   | 54db559c-5e1d-4bdc-83b0-c479ef2a0ead |
|                           | cf6ceea0-dde0-4018-ab9a-f8f68935622b |
| tenant_id                 | ed34337f935745bb911ee80bdab6eb1c     |
+---------------------------+--------------------------------------+
`;

test("net-show prints the guide's table, by name and by id", async () => {
  assert.equal(await printed("net-show", "external"), NET_SHOW);
  assert.equal(await printed("net-show", EXTERNAL), NET_SHOW);
});

test("subnet-show prints the guide's table", async () => {
  assert.equal(
    await printed("subnet-show", V4),
    `\
+------------------+----------------------------------------------------+
| Field            | Value                                              |
+------------------+----------------------------------------------------+
| allocation_pools | {"start": "172.18.208.2", "end": "172.18.208.254"} |
| cidr             | 172.18.208.0/24                                    |
| dns_nameservers  |                                                    |
| enable_dhcp      | True                                               |
| gateway_ip       | 172.18.208.1                                       |
| host_routes      |                                                    |
| id               | 54db559c-5e1d-4bdc-83b0-c479ef2a0ead               |
| ip_version       | 4                                                  |
| name             | twin                                               |
| network_id       | 8d5dec25-a6aa-4e18-8706-a51637a428c2               |
| tenant_id        | ed34337f935745bb911ee80bdab6eb1c                   |
+------------------+----------------------------------------------------+
`,
  );
});

test("port-list has one line per address", async () => {
  const text = await printed("port-list");
  assert.match(text, /^\| id +\| name \| mac_address +\| fixed_ips +\|$/m);
  assert.match(
    text,
    /^\| 0e3f9c1c-\S+ \| vm1 +\| fa:16:3e:00:00:3c \| \{"subnet_id": "54db559c-\S+", "ip_address": "172\.18\.208\.5"\} +\|$/m,
  );
  assert.match(text, /^\| +\| +\| +\| \{"subnet_id": "cf6ceea0-\S+", "ip_address": "2001:db8:a41:2::5"\} \|$/m);
});

test("subnet-list and port-show have the columns and rows that are asked for", async () => {
  assert.match(await printed("subnet-list"), /^\| id +\| name +\| cidr +\| allocation_pools +\|$/m);
  assert.match(await printed("port-show", "vm1"), /^\| mac_address +\| fa:16:3e:00:00:3c +\|$/m);
});

test("-f json prints what programs read", async () => {
  assert.deepEqual(JSON.parse(await printed("net-list", "-f", "json")), [
    { id: EXTERNAL, name: "external", subnets: [`${V4} 172.18.208.0/24`, `${V6} 2001:db8:a41:2::/64`] },
    { id: INTERNAL, name: "internal", subnets: [`${V4I} 10.65.0.0/16`, `${V6I} 2001:db8:a41:3::/64`] },
  ]);
  const shown = JSON.parse(await printed("net-show", "external", "-f", "json")) as Record<string, unknown>;
  assert.deepEqual([shown["shared"], shown["provider:physical_network"], shown["subnets"]], [true, null, [V4, V6]]);
});

test("a name that nothing has, or that several have, is said so", async () => {
  assert.deepEqual(await margay(["net-show", "x"]), { code: 1, stdout: "", stderr: "Unable to find network with name 'x'\n" });
  assert.deepEqual(await margay(["subnet-show", "twin"]), {
    code: 1,
    stdout: "",
    stderr: `Multiple subnets are called 'twin'; use one of their ids: ${V4}, ${V6}\n`,
  });
});

test("an endpoint that nobody listens at is named, and how to name another", async () => {
  const closed = createServer();
  const there = await listening(closed);
  await new Promise((done) => closed.close(done));
  assert.deepEqual(await margay(["net-list", "--url", there]), {
    code: 1,
    stdout: "",
    stderr: `Nothing answers at ${there} (ECONNREFUSED). Is the controller running there? Otherwise say where with --url or MARGAY_URL.\n`,
  });
});

test("a certificate that is not trusted is named as such, and whom to trust is said how", () => {
  for (const code of ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "DEPTH_ZERO_SELF_SIGNED_CERT", "CERT_HAS_EXPIRED"]) {
    const { message } = unreachable("https://here", Object.assign(new Error(code), { code }));
    assert.equal(message, `https://here: its certificate is not trusted (${code}). NODE_EXTRA_CA_CERTS=FILE names whom to trust besides.`);
  }
});

test("errors keep the API's own words", async () => {
  const { code, stderr } = await margay(["net-list", "--url", `${url}/elsewhere`]);
  assert.equal(code, 1);
  assert.equal(stderr, `${url}/elsewhere/v2.0/networks: 404 Not Found: No such thing.\n`);
});

test("the token of the environment goes along", async () => {
  await margay(["net-list"], { OS_ENDPOINT: `${url}/v2.0/`, OS_TOKEN: "secret" });
  assert.equal(asked.at(-1)?.headers["x-auth-token"], "secret");
});

test("the option comes before MARGAY_URL, that before OS_ENDPOINT, that before this machine", () => {
  const env = { MARGAY_URL: "http://m:1/", OS_ENDPOINT: "http://o:1/v2.0/" };
  assert.equal(endpointOf("https://u/v2.0", env), "https://u");
  assert.equal(endpointOf(undefined, env), "http://m:1");
  assert.equal(endpointOf(undefined, { OS_ENDPOINT: env.OS_ENDPOINT }), "http://o:1");
  assert.equal(endpointOf(undefined, {}), "http://127.0.0.1:9696");
  assert.throws(() => endpointOf("localhost:9696", {}), /^Error: localhost:9696: not an http:\/\/, https:\/\/ or unix: address$/);
});
