/** Listening to one connected agent: that it is alive is written now and then, and what it last reported. */
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Writer } from "#contracts/writer.ts";
import type { Hello, Report } from "#core/feed/item.ts";
import { alive, heard } from "#core/feed/status.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import type { Decide } from "#core/neutron/decision.ts";

/** Neutron's `report_interval`; an agent counts as dead after 75 s. */
const HEARTBEAT_MS = 30_000;

export interface AttendParts {
  readonly writer: Writer<Cloud>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Attention {
  report(report: Report): void;
  stop(): void;
}

export function attend({ writer, clock, log }: AttendParts, hello: Hello): Attention {
  let takeBack = () => {};
  let latest: Report | undefined;
  let writing = false;
  let stopped = false;

  const write = async (what: string, decide: Decide<Cloud, unknown>) => {
    // The agent tells it again to whoever it is connected to next.
    const result = await writer.write(decide, { retold: true });
    if (!result.ok) log.warn(`${what} was not written`, { host: hello.host, reason: result.refusal.message });
  };
  const beat = () => {
    takeBack = clock.after(HEARTBEAT_MS, beat);
    void write("a heartbeat", alive(hello));
  };
  const writeLatest = async () => {
    writing = true;
    while (latest !== undefined) {
      const report = latest;
      latest = undefined;
      await write("a report", heard(hello, report));
    }
    writing = false;
  };

  beat();
  return {
    report: (report) => {
      if (stopped) return;
      // Only the last one counts: what comes while one is being written replaces what waits.
      latest = report;
      if (!writing) void writeLatest();
    },
    stop: () => {
      stopped = true;
      // Whoever comes after it may report before this would be written, and be overwritten.
      latest = undefined;
      takeBack();
    },
  };
}
