/** How a command that asks a controller ends: with its status, or with what there is to complain about and 1. */
import { Complaint } from "./client.ts";

export async function complaining(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
