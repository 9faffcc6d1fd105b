/** What the controller measures of itself. */
import { measureCloud } from "#adapters/metrics/cloud.ts";
import { measureProcess } from "#adapters/metrics/process.ts";
import { registry } from "#adapters/metrics/registry.ts";
import type { Registry } from "#adapters/metrics/registry.ts";
import { measureStoreFiles } from "#adapters/metrics/store.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import type { NovaNotifier } from "#engine/nova-notifier.ts";
import type { Present } from "#engine/present.ts";
import type { Endings } from "./endings.ts";

export function newMetrics(endings: Endings): Registry {
  const metrics = registry();
  endings.push(measureProcess(metrics));
  return metrics;
}

export interface Measured {
  readonly present: Present<Cloud>;
  readonly storePath: string;
  readonly nova: NovaNotifier | undefined;
  /** RFC 3339, UTC, seconds. */
  readonly now: () => string;
}

export function measure(metrics: Registry, { present, storePath, nova, now }: Measured): void {
  measureCloud(present.state, metrics, now);
  measureStoreFiles(storePath, metrics);
  metrics.gauge({
    name: "margay_store_revision",
    help: "The last revision that this controller has heard of.",
    kind: "counter",
    read: () => [{ value: present.revision() }],
  });
  if (nova === undefined) return;
  const standing = (what: "waiting" | "dropped") => () => [{ value: nova.standing()[what] }];
  metrics.gauge({ name: "margay_nova_events_waiting", help: "Events that Nova has not heard yet.", read: standing("waiting") });
  metrics.gauge({
    name: "margay_nova_events_dropped_total",
    help: "Events that Nova never heard: there were too many.",
    kind: "counter",
    read: standing("dropped"),
  });
}
