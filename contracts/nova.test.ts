import { novaContract } from "./nova.contract.ts";
import { fakeNova } from "./nova.fake.ts";

novaContract("fakeNova()", async () => {
  const nova = fakeNova();
  return { nova, world: nova.world };
});
