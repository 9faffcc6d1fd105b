import { metadataContract } from "./metadata.contract.ts";
import { fakeMetadataApi, metadataWorld } from "./metadata.fake.ts";

metadataContract("fakeMetadataApi()", () => {
  const sign = (instance: string) => `signed ${instance}`;
  const world = metadataWorld((signature, instance) => signature === sign(instance));
  return { api: fakeMetadataApi(world), world, sign };
});
