/** VMs that show signs of life where they are expected. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeSigns } from "#contracts/signs.fake.ts";
import type { Endpoint } from "#core/feed/item.ts";
import { compile } from "#core/intent/compile.ts";
import { ENDPOINT_METRIC } from "#core/intent/endpoint.ts";
import { port, viewOf } from "#core/intent/tests/sample-view.ts";
import type { Mac } from "#core/net/mac.ts";
import { arrivals } from "./arrivals.ts";

const HERE = "h2";
const VM = port(5, ["10.65.0.5", "2001:db8:a41:3::5"], { host: "h1", moves: 3 });

/** The host has been told of these endpoints. */
function host(...first: readonly Endpoint[]) {
  const [signs, changed] = [fakeSigns(), [] as string[]];
  let told = viewOf(first);
  const arriving = arrivals({ host: HERE, signs, heard: () => ({ view: told, revision: 7 }), changed: (id) => changed.push(id) });
  const tell = (...endpoints: readonly Endpoint[]) => {
    told = viewOf(endpoints);
    arriving.renew();
  };
  tell(...first);
  const known = () => arriving.known() ?? assert.fail();
  const metrics = () =>
    compile(known().view, { host: HERE, role: "compute" }).routes.flatMap(({ value }) =>
      value.to === "unreachable" ? [] : [value.metric],
    );
  const sign = ({ tap, mac }: { readonly tap: string; readonly mac: Mac }) => signs.give({ kind: "rarp", tap, mac });
  return { arriving, signs, changed, tell, known, metrics, sign };
}

test("the first sign of life makes its routes the preferred ones, and is told until the controller says the same", () => {
  const { signs, changed, tell, known, metrics, sign } = host(VM);
  assert.deepEqual(known().arrived, {});
  assert.ok(metrics().every((metric) => metric > 1_000_000));
  for (let times = 0; times < 3; times++) sign(VM);
  assert.deepEqual([changed, known().arrived], [[VM.port_id], { [VM.port_id]: 3 }]);
  const preferred = ENDPOINT_METRIC - 4;
  assert.deepEqual(metrics(), [preferred, preferred]);
  tell({ ...VM, hostname: "another" });
  assert.deepEqual([known().arrived, metrics()], [{ [VM.port_id]: 3 }, [preferred, preferred]]);
  tell({ ...VM, host: HERE, moves: 4 });
  assert.deepEqual([known().arrived, metrics()], [{}, [preferred, preferred]], "and no route is another for it");
  assert.equal(signs.listeners(), 0, "nobody is expected any more");
});

test("only the VM itself says that it is here: on its tap, by its MAC, and where it is expected", () => {
  const { changed, known, sign } = host(VM, port(6, ["10.65.0.6"], { host: HERE }));
  sign({ tap: VM.tap, mac: "fa:16:3e:00:00:06" as Mac });
  sign({ tap: "tap00000006-aa", mac: VM.mac });
  sign(port(6, []));
  assert.deepEqual([changed, known().arrived], [[], {}]);
});

test("a sign is forgotten when the VM is said to have moved since, or is expected no more", () => {
  const { tell, known, sign } = host(VM);
  sign(VM);
  tell({ ...VM, moves: 5 });
  assert.deepEqual(known().arrived, {}, "it was heard of at its former host after that");
  sign(VM);
  assert.deepEqual(known().arrived, { [VM.port_id]: 5 }, "and has come again");
  tell();
  tell({ ...VM, moves: 5 });
  assert.deepEqual(known().arrived, {}, "the move was given up, and another one is prepared");
});

test("an agent that starts finds in the routes of the one before it which VMs had come", () => {
  const before = host(VM);
  before.sign(VM);
  const left = compile(before.known().view, { host: HERE, role: "compute" }).routes.map(({ value }) => value);
  const after = host(VM);
  after.arriving.adopt(left);
  assert.deepEqual(after.known().arrived, { [VM.port_id]: 3 });
  const expecting = compile(host(VM).known().view, { host: HERE, role: "compute" }).routes.map(({ value }) => value);
  const fresh = host(VM);
  fresh.arriving.adopt(expecting);
  assert.deepEqual(fresh.known().arrived, {});
});
