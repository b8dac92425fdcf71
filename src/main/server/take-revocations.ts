/** What was asked for on the terminal is done by the server that holds the agents in memory. */
import type { Pending } from './writer.ts';
import type { Served } from './served.ts';

/** @throws Fault HF_SERVER_STATE, HF_API_BUSY: then it is done the next time */
export async function takeRevocations({ state, core, writer }: Served): Promise<void> {
  for (const { agent } of await state.revocations()) {
    await writer.take(agent, (): Pending<void> => {
      const pending = core.revoke(agent);
      return {
        answer: undefined,
        // The line of the log was written with the wish.
        changes: [...pending.changes, { do: 'end-revocation', agent }],
        settle: () => pending.settle(),
      };
    });
  }
}
