/** This machine, as a look over ssh would see it: by the same script, run here as this user. */
import os from 'node:os';
import { readSight } from '../../adapters/look/read-sight.ts';
import { lookScript } from '../../adapters/look/script.ts';
import { Fault } from '../../base/fault.ts';
import { seconds } from '../../base/units.ts';
import type { AnsweredLook } from '../../watch/core/look/own-sight.ts';
import type { Cli } from '../cli/cli.ts';
import { lookAtHost } from './look-at-host.ts';

const LIMIT = seconds(90);

/** @throws Fault HF_LOOK_ANSWER, HF_LOOK_LATE where nothing was seen */
export async function lookAtThis({
  clock,
  env,
}: Pick<Cli, 'clock' | 'env'>): Promise<AnsweredLook> {
  const host = { name: os.hostname(), at: undefined, groups: [] };
  const look = await lookAtHost(host, {
    ...{ clock, environment: env, script: lookScript(), readSight },
    ...{ limit: LIMIT, mayAsk: false, signal: new AbortController().signal },
    received: () => undefined,
    later: (span, act) => {
      const timer = setTimeout(act, span);
      return () => clearTimeout(timer);
    },
  });
  if (look.kind === 'answered') return look;
  throw new Fault('HF_LOOK_ANSWER', look.why, { host: host.name, ssh: 'sh' });
}
