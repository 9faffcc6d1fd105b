/**
 * The agent of one host: hears what the cloud wants of it, and keeps the host so. It may be killed at any moment: what is on
 * the host stays and works without it, and a new one goes on from what it finds there.
 */
import { mkdirSync } from "node:fs";
import { systemClock } from "#adapters/clock/system.ts";
import { feedClient } from "#adapters/feed/client.ts";
import { linkMonitor } from "#adapters/linux/link-monitor.ts";
import type { Log } from "#contracts/log.ts";
import type { Report } from "#core/feed/item.ts";
import { compile } from "#core/intent/compile.ts";
import { hostLoop } from "#engine/host-loop.ts";
import type { Plan } from "#engine/host-loop.ts";
import { replica } from "#engine/replica.ts";
import type { Heard } from "#engine/replica.ts";
import { reportOf } from "#engine/report.ts";
import { hostTracks } from "#engine/tracks.ts";
import { hostDrivers } from "./drivers.ts";
import type { AgentSettings } from "./settings.ts";
import { statusFile } from "./status-file.ts";

/** Runs until `stop` is aborted; leaves everything on the host as it is. */
export async function agent(settings: AgentSettings, stop: AbortSignal, log: Log): Promise<void> {
  const { role, host, state, controller } = settings;
  mkdirSync(state, { recursive: true });
  const clock = systemClock();
  const status = statusFile(settings);
  const heard = replica(() => loop.wake());
  const tell = telling((report) => connection.report(report));
  const loop = hostLoop({
    tracks: hostTracks(hostDrivers(state)),
    plan: planning(settings, heard.heard),
    clock,
    log,
    finished: (finished) => {
      status.finished(finished);
      tell.report(reportOf(finished.result, finished.plan.revision));
    },
  });
  const hello = { op: "hello", host, role, started_at: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z") } as const;
  const connection = feedClient({ controllers: controller })(hello, {
    connected: () => {
      log.info("connected");
      status.controller("connected");
      tell.anew();
      heard.connected();
    },
    message: heard.message,
    disconnected: (reason) => {
      log.warn("not connected", { reason });
      status.controller(reason);
    },
  });
  const unwatch = linkMonitor({ changed: () => loop.wake() });
  log.info("started", { role, host, state });

  await aborted(stop);
  log.info("stopping; the host is left as it is");
  unwatch();
  connection.close();
  await loop.stop();
}

/** What follows from the last complete view, worked out when it is asked for. A view of the same parts wants the same. */
function planning({ host, role }: AgentSettings, heard: () => Heard | undefined): () => Plan | undefined {
  let last: { readonly heard: Heard; readonly plan: Plan } | undefined;
  return () => {
    const now = heard();
    if (now === undefined || now === last?.heard) return last?.plan;
    const intent = last !== undefined && isSame(now, last.heard) ? last.plan.intent : compile(now.view, { host, role });
    last = { heard: now, plan: { intent, revision: now.revision } };
    return last.plan;
  };
}

function isSame({ view: one }: Heard, { view: other }: Heard): boolean {
  const parts = ["datacenter", "endpoints", "subnets", "groups", "members"] as const;
  return parts.every((part) => one[part] === other[part]);
}

interface Telling {
  report(report: Report): void;
  /** Whoever listens now knows nothing. */
  anew(): void;
}

/** Only the last report counts, so the same one is not told twice. */
function telling(send: (report: Report) => void): Telling {
  let told: string | undefined;
  return {
    anew: () => (told = undefined),
    report: (report) => {
      const text = JSON.stringify(report);
      if (text !== told) send(report);
      told = text;
    },
  };
}

function aborted(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve(), { once: true });
  });
}
