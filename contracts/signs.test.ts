import { signsContract } from "./signs.contract.ts";
import { fakeSigns } from "./signs.fake.ts";

signsContract("fakeSigns()", () => {
  const signs = fakeSigns();
  return { signs, send: signs.give, until: async () => undefined };
});
