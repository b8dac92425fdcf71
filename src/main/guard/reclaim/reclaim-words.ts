/** What `undo --reclaim` answers. */
import type { Style } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import { wrap } from '../../../base/say-width.ts';
import { sayVerdict } from '../../../guard/core/say-verdict.ts';
import { shortId } from '../../../vault/shell/snapshot-store.ts';
import type { Answer, Cli } from '../../cli/cli.ts';
import { EXIT } from '../../cli/exit-code.ts';
import type { VaultOptions } from '../../cli/settings.ts';
import type { GuardSession } from '../guard-session.ts';
import { exitCodeOfDecision } from '../verdict-exit.ts';
import { type ReclaimAnswer, reclaimUndo } from './reclaim-undo.ts';

/** @throws Fault as `reclaimUndo` */
export async function reclaim(
  cli: Cli,
  session: GuardSession,
  asked: { readonly only: string | undefined; readonly options: VaultOptions },
): Promise<Answer> {
  const answer = await reclaimUndo(cli, session, asked);
  const { reclaimed, held, vault } = answer;
  const [first] = held;
  return {
    code: first === undefined ? EXIT.done : exitCodeOfDecision(first.judged.verdict.decision),
    say: (style) => words(answer, style, session.now()),
    json: {
      reclaimed,
      vault,
      ...(first === undefined ? {} : { held: held.map(({ plan: { header } }) => header.id) }),
    },
  };
}

function* words(
  { reclaimed, held, vault }: ReclaimAnswer,
  style: Style,
  now: ReturnType<GuardSession['now']>,
): Generator<string> {
  const place = sayText(vault, style);
  if (reclaimed.length > 0) {
    const bytes = reclaimed.reduce((sum, each) => sum + each.bytes, 0);
    const what = `${formatBytes(bytes)} kept for ${countOf(reclaimed.length, 'plan')}`;
    yield* wrap(
      `Freed ${what}. It lies in the vault ${place} now: every byte was read back from there and compared.`,
      style.width,
    );
  } else if (held.length === 0) {
    yield 'Nothing is kept that could be reclaimed.';
  }
  for (const { id, snapshots } of reclaimed) {
    yield `  ${id}   in snapshot ${snapshots.map(shortId).join(', ')}`;
  }
  for (const { id } of reclaimed.filter(({ isGone }) => !isGone)) {
    yield* wrap(
      `Something of what is kept for ${id} could not be removed here: the same command again frees the rest.`,
      style.width,
    );
  }
  if (reclaimed.some(({ isOnSameDisk }) => isOnSameDisk)) {
    yield* wrap(
      'That vault lies on the same disk as what was kept: it takes space there too, and when the disk is lost, both are. Another disk or machine is better (--vault).',
      style.width,
    );
  }
  for (const { plan, judged } of held) {
    const { header, digest } = plan;
    const { verdict, judging } = judged;
    yield* sayVerdict({ header, digest, verdict, picture: judging.picture, now }, style);
  }
}
