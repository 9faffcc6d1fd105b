/** Figures of a gateway's port-NAT. */
import type { Fill } from "#contracts/tracker.ts";
import type { Labels, Registry, Sample } from "./registry.ts";

export interface TranslationFigures {
  readonly fill: () => Fill | undefined;
  readonly ports: () => Iterable<{ readonly ip: string; readonly protocol: string; readonly ports: number }>;
}

export function measureTranslation(metrics: Registry, { fill, ports }: TranslationFigures): void {
  const one = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [{ value }]);
  metrics.gauge({ name: "margay_gateway_tracked_flows", help: "Flows that the kernel tracks.", read: () => one(fill()?.tracked) });
  metrics.gauge({ name: "margay_gateway_tracked_flows_limit", help: "Flows that it can track.", read: () => one(fill()?.limit) });
  metrics.gauge({
    name: "margay_gateway_pnat_ports",
    help: "Ports of a pool address in use, of 64512 for each protocol.",
    read: () =>
      [...ports()].map(({ ip, protocol, ports: value }): { labels: Labels; value: number } => ({
        labels: { address: ip, protocol },
        value,
      })),
  });
}
