import { feedContract } from "./feed.contract.ts";
import { fakeFeed } from "./feed.fake.ts";

feedContract("fakeFeed()", async (_, accept) => fakeFeed(accept));
