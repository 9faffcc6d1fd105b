/** Connections of agents, counted by what the agents are. */
import { ROLES } from "#core/datacenter/roles.ts";
import type { AcceptAgent } from "#contracts/feed.ts";
import type { Registry } from "./registry.ts";

export function measuredFeed(accept: AcceptAgent, metrics: Registry): AcceptAgent {
  const open = new Map(ROLES.map((role) => [role, 0]));
  metrics.gauge({
    name: "margay_feed_connections",
    help: "Agents that are connected to this controller.",
    read: () => [...open].map(([role, value]) => ({ labels: { role }, value })),
  });
  return (hello, link) => {
    const count = (by: number) => open.set(hello.role, (open.get(hello.role) ?? 0) + by);
    const session = accept(hello, link);
    count(1);
    return {
      ...session,
      closed: (reason) => {
        count(-1);
        session.closed(reason);
      },
    };
  };
}
