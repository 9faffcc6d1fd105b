/** What the machine gives this process, and how long its turns take. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Registry } from "./registry.ts";

/** Costs nothing but when it is asked. */
export function measureUse(metrics: Registry): void {
  const begun = Date.now() / 1000 - process.uptime();
  metrics.gauge({
    name: "process_cpu_seconds_total",
    help: "Time on a processor.",
    kind: "counter",
    read: () => {
      const { user, system } = process.cpuUsage();
      return [{ value: (user + system) / 1e6 }];
    },
  });
  metrics.gauge({ name: "process_start_time_seconds", help: "When it began, since 1970.", read: () => [{ value: begun }] });
  metrics.gauge({ name: "process_resident_memory_bytes", help: "Memory that it has.", read: () => [{ value: process.memoryUsage.rss() }] });
  metrics.gauge({
    name: "nodejs_heap_size_used_bytes",
    help: "Memory that objects have.",
    read: () => [{ value: process.memoryUsage().heapUsed }],
  });
}

/** The same and the turns of the event loop, until it is told to stop. */
export function measureProcess(metrics: Registry): () => void {
  measureUse(metrics);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  metrics.gauge({
    name: "nodejs_eventloop_lag_seconds",
    help: "How much later than asked for a turn of the event loop began, since the last look.",
    read: () => {
      const samples = [
        { labels: { quantile: "0.5" }, value: delay.percentile(50) / 1e9 },
        { labels: { quantile: "0.99" }, value: delay.percentile(99) / 1e9 },
        { labels: { quantile: "1" }, value: delay.max / 1e9 },
      ];
      delay.reset();
      return samples;
    },
  });
  return () => delay.disable();
}
