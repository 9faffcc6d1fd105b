import { lastViewContract } from "./last-view.contract.ts";
import { fakeLastView } from "./last-view.fake.ts";

lastViewContract("fakeLastView()", () => {
  const one = fakeLastView();
  return { fresh: () => one };
});
