/** What every feed keeps between its two ends. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { FeedMessage, Hello, Report } from "#core/feed/item.ts";
import { messageText } from "#core/feed/wire.ts";
import type { AcceptAgent, AgentLink, FeedClient } from "./feed.ts";

export interface FeedUnderTest {
  readonly client: FeedClient;
  /** Breaks every connection, as a network would. */
  cut(): void;
}

const HELLO: Hello = { op: "hello", host: "h1", role: "compute", started_at: "2026-11-23T08:00:00Z" };
const report = (revision: number): Report => ({
  op: "report",
  revision,
  endpoints: { p: { state: "waiting", for: "link/tap1" } },
  arrived: { p: 2 },
  taken: {},
  troubles: ["a — b"],
});

export function feedContract(name: string, open: (t: TestContext, accept: AcceptAgent) => Promise<FeedUnderTest>): void {
  describe(`${name} is a feed:`, () => {
    test("hello arrives, messages arrive whole and in order, reports arrive", async (t) => {
      const { agent, controller } = await both(t, open);
      const link = await controller.next("hello");
      assert.deepEqual(controller.hellos, [HELLO]);
      await agent.until((heard) => heard.includes("connected"));
      const large: FeedMessage = { op: "put", key: "group/a", value: { id: "ü".repeat(500_000), stateful: true, rules: [] } };
      const messages: FeedMessage[] = [large, { op: "gone", key: "member/a ::1" }, { op: "synced", revision: 7 }];
      link.send(messages.slice(0, 2).map(messageText).join("\n"));
      link.send(messages.slice(2).map(messageText).join("\n"));
      await agent.until((heard) => heard.length === 4);
      assert.deepEqual(agent.heard, ["connected", ...messages]);
      agent.connection.report(report(7));
      agent.connection.report(report(8));
      await controller.until(() => controller.reports.length === 2);
      assert.deepEqual(controller.reports, [report(7), report(8)]);
    });

    test("after a break the controller hears that the agent has gone, and the agent comes back by itself", async (t) => {
      const { agent, controller, feed } = await both(t, open);
      const link = await controller.next("hello");
      await agent.until((heard) => heard.includes("connected"));
      feed.cut();
      const again = await controller.next("hello");
      assert.equal(controller.goodbyes.length, 1);
      link.send(messageText({ op: "synced", revision: 1 }));
      again.send(messageText({ op: "synced", revision: 2 }));
      await agent.until((heard) => heard.length === 4);
      assert.deepEqual(
        agent.heard.map((one) => (typeof one === "string" ? one.split(":")[0] : one)),
        ["connected", "disconnected", "connected", { op: "synced", revision: 2 }],
      );
    });

    test("the controller may end a connection, with a reason", async (t) => {
      const { agent, controller } = await both(t, open);
      (await controller.next("hello")).close("the controller stops");
      await controller.next("hello");
      await agent.until((heard) => heard.filter((one) => one === "connected").length === 2);
      assert.deepEqual(agent.heard, ["connected", "disconnected: the controller stops", "connected"]);
      assert.deepEqual(controller.goodbyes, ["the controller stops"]);
    });

    test("an agent that closes does not come back", async (t) => {
      const { agent, controller } = await both(t, open);
      const link = await controller.next("hello");
      await agent.until((heard) => heard.includes("connected"));
      agent.connection.close();
      await controller.until(() => controller.goodbyes.length === 1);
      link.send(messageText({ op: "synced", revision: 1 }));
      agent.connection.report(report(1));
      assert.deepEqual(agent.heard, ["connected"]);
      assert.equal(controller.hellos.length, 1);
    });
  });
}

async function both(t: TestContext, open: (t: TestContext, accept: AcceptAgent) => Promise<FeedUnderTest>) {
  const news = waiting();
  const controller = { hellos: [] as Hello[], reports: [] as Report[], goodbyes: [] as string[], links: [] as AgentLink[] };
  const accept: AcceptAgent = (hello, link) => {
    controller.hellos.push(hello);
    controller.links.push(link);
    news.came();
    return {
      report: (one) => news.came(controller.reports.push(one)),
      closed: (reason) => news.came(controller.goodbyes.push(reason)),
    };
  };
  const feed = await open(t, accept);
  const heard: (FeedMessage | string)[] = [];
  const connection = feed.client(HELLO, {
    connected: () => news.came(heard.push("connected")),
    message: (message) => news.came(heard.push(message)),
    disconnected: (reason) => news.came(heard.push(`disconnected: ${reason}`)),
  });
  t.after(() => connection.close());
  let met = 0;
  const next = async (_what: "hello"): Promise<AgentLink> => {
    met += 1;
    await news.until(() => controller.links.length >= met);
    const link = controller.links[met - 1];
    assert.ok(link !== undefined);
    return link;
  };
  const until = (test: (heard: readonly (FeedMessage | string)[]) => boolean) => news.until(() => test(heard));
  return { feed, agent: { heard, connection, until }, controller: { ...controller, next, until: news.until } };
}

/** Waits for a condition that only news can change. */
function waiting() {
  let wake = () => {};
  const until = async (test: () => boolean): Promise<void> => {
    while (!test()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { came: (_what?: unknown) => wake(), until };
}
