import assert from "node:assert/strict";
import { test } from "node:test";
import { readListen } from "./settings.ts";

test("an address is a host and a port, or a path", () => {
  assert.deepEqual(readListen("192.0.2.1:9696"), { host: "192.0.2.1", port: 9696 });
  assert.deepEqual(readListen("[2001:db8::1]:9696"), { host: "2001:db8::1", port: 9696 });
  assert.deepEqual(readListen("localhost:0"), { host: "localhost", port: 0 });
  assert.deepEqual(readListen("unix:/run/margay.sock"), { path: "/run/margay.sock" });
});

test("anything else is refused with what was said", () => {
  for (const text of ["", "9696", ":9696", "host:", "host:99999", "2001:db8::1:9696", "unix:relative", "http://host:9696"])
    assert.throws(() => readListen(text), { message: `Cannot listen on "${text}": an address is HOST:PORT, [IPV6]:PORT or unix:/PATH` });
});
