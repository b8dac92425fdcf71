/** `vault gc --undo`: what a plan forgot lies there again. */
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { undoForget } from '../../vault/shell/forget.ts';
import { putBack } from '../../vault/shell/put-back.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { openWith } from '../cli/open.ts';
import { readSettings, vaultOf } from '../cli/settings.ts';
import { openGuard } from '../guard/guard-session.ts';
import { GC_COMMAND, type GcOptions } from './answer-gc.ts';
import { collectorOf } from './collector-here.ts';
import { demandAlone } from './demand-alone.ts';
import { demandKeeper } from './demand-keeper.ts';
import { leaseGc } from './gc-guard.ts';

/** @throws Fault HF_VAULT_KEEPER, HF_VAULT_NAMES_OLD, HF_PLAN_ABSENT, HF_PLAN_LEASED, and what the vault throws */
export async function undoGc(cli: Cli, options: GcOptions, wanted: string): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const place = vaultOf(settings);
  demandKeeper(place, `holdfast ${GC_COMMAND} --undo ${wanted}`);
  demandAlone(place, nodeMounts({ answerMax: MOUNT_ANSWER_MAX }), options.nobodyWrites);
  const { session } = await openWith(cli, settings, { ...options, needs: 'all' });
  const guard = await openGuard(cli, settings);
  const lease = leaseGc(guard, place.root, wanted);
  try {
    const { vault, clock } = session;
    const collector = collectorOf(session);
    const ports = { vault, clock, store: collector.store };
    const done = await undoForget(ports, wanted, (snapshots) => putBack(collector, snapshots));
    const { back, tooLate } = done;
    const late = `${formatCount(tooLate.length)} came too late: what they held was freed`;
    const text =
      back.length + tooLate.length === 0
        ? 'Nothing was to be put back: all that this plan forgot lies there already.'
        : `${countOf(back.length, 'snapshot')} put back${tooLate.length === 0 ? '' : `; ${late}`}.`;
    return {
      code: tooLate.length === 0 ? EXIT.done : EXIT.gaps,
      say: (style) =>
        layoutSentence(style, { mark: { is: tooLate.length === 0 ? 'ok' : 'degraded' }, text }),
      json: {
        putBack: back.map(({ id }) => id),
        tooLate: tooLate.map(({ id }) => id),
      },
    };
  } finally {
    lease.free();
  }
}
