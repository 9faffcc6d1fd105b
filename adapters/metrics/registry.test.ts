/** The text that Prometheus reads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "#contracts/store.fake.ts";
import { measuredFeed } from "./feed.ts";
import { measureHttp } from "./http.ts";
import { registry } from "./registry.ts";
import { measuredStore } from "./store.ts";

/** Lines of one metric, without its head. */
function series(text: string, name: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith(name));
}

test("counters add up, gauges are asked when somebody looks, labels are escaped", () => {
  const metrics = registry();
  const seen = metrics.counter({ name: "seen_total", help: "Seen." });
  seen.add({ what: 'a "b"\\\n' });
  seen.add({ what: "c" }, 2);
  seen.add({ what: "c" });
  let depth = 1;
  metrics.gauge({ name: "depth", help: "Deep\nand deeper.", read: () => [{ value: depth }] });
  depth = 7;
  assert.deepEqual(metrics.text().split("\n"), [
    "# HELP seen_total Seen.",
    "# TYPE seen_total counter",
    'seen_total{what="a \\"b\\"\\\\\\n"} 1',
    'seen_total{what="c"} 3',
    "# HELP depth Deep\\nand deeper.",
    "# TYPE depth gauge",
    "depth 7",
    "",
  ]);
});

test("a histogram tells each bucket with all below it, the sum and the count", () => {
  const metrics = registry();
  const seconds = metrics.histogram({ name: "s", help: "Seconds.", buckets: [1, 2] });
  for (const value of [0.5, 1, 1.5, 9]) seconds.observe({ of: "x" }, value);
  assert.deepEqual(series(metrics.text(), "s"), [
    's_bucket{of="x",le="1"} 2',
    's_bucket{of="x",le="2"} 3',
    's_bucket{of="x",le="+Inf"} 4',
    's_sum{of="x"} 12',
    's_count{of="x"} 4',
  ]);
});

test("whatever clients make up, there is one series for it", () => {
  const metrics = registry();
  const over = measureHttp(metrics, { resourceOf: () => "other", inFlight: () => 3 });
  for (const method of ["GET", "EVIL1", "EVIL2"]) over({ id: "r", method, path: `/${method}`, status: 404, ms: 2 });
  assert.deepEqual(series(metrics.text(), "margay_http_requests_total"), [
    'margay_http_requests_total{method="GET",resource="other",status="404"} 1',
    'margay_http_requests_total{method="other",resource="other",status="404"} 2',
  ]);
  assert.deepEqual(series(metrics.text(), "margay_http_requests_in_flight"), ["margay_http_requests_in_flight 3"]);
});

test("commits are told apart: committed, stale, failed", async () => {
  const metrics = registry();
  const store = measuredStore(memoryStore(), metrics);
  await store.commit({ if: [], writes: [{ key: "a", value: "1" }] });
  await store.commit({ if: [{ key: "a", revision: 99 }], writes: [{ key: "a", value: "2" }] });
  await store.close();
  await assert.rejects(store.commit({ if: [], writes: [{ key: "a", value: "3" }] }));
  assert.deepEqual(series(metrics.text(), "margay_store_commits_total").toSorted(), [
    'margay_store_commits_total{outcome="committed"} 1',
    'margay_store_commits_total{outcome="failed"} 1',
    'margay_store_commits_total{outcome="stale"} 1',
  ]);
  assert.deepEqual(series(metrics.text(), "margay_store_commit_rows_count"), ["margay_store_commit_rows_count 2"]);
});

test("connections of agents come and go", () => {
  const metrics = registry();
  const accept = measuredFeed(() => ({ report: () => undefined, closed: () => undefined }), metrics);
  const link = { from: "here", send: () => undefined, waiting: () => 0, close: () => undefined } as const;
  const session = accept({ op: "hello", host: "h1", role: "gateway", started_at: "2026-11-23T08:00:00Z" }, link);
  const gateways = () => series(metrics.text(), 'margay_feed_connections{role="gateway"}');
  assert.deepEqual(gateways(), ['margay_feed_connections{role="gateway"} 1']);
  session.closed("gone");
  assert.deepEqual(gateways(), ['margay_feed_connections{role="gateway"} 0']);
});
