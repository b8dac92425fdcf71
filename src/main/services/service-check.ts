/** The team's own check: on the live service, or on what was restored of it. */
import { runHook, whyHookFailed } from '../../adapters/hooks/run-hook.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type { ServiceCheck } from './service-plan.ts';

/** @param restored directory with one directory for each data set; undefined for the live service */
export async function runCheck(
  { service, argv, limit }: ServiceCheck,
  restored?: string,
): Promise<HookRecord> {
  const ended = await runHook({
    argv,
    limit,
    env: {
      HOLDFAST_SERVICE: service,
      HOLDFAST_HOOK: 'check',
      ...(restored === undefined ? {} : { HOLDFAST_RESTORED: restored }),
    },
  });
  if (ended.isOk) return { name: 'check', outcome: 'done' };
  return { name: 'check', outcome: 'failed', why: whyHookFailed(ended) };
}
