/** What a person says of why: `--reason`, as long as the API takes it (src/wire/api/parts.ts, `said`). */
import { Fault } from '../../base/fault.ts';

export const REASON_MAX = 200;

/**
 * @param of.example what to type where none was said
 * @throws Fault HF_USAGE: it says nothing, or more than others are shown
 */
export function reasonOf(
  text: string | undefined,
  of: { readonly command: string; readonly example: string },
): string {
  const { command, example } = of;
  const reason = text?.trim() ?? '';
  if (reason === '') throw new Fault('HF_USAGE', `say why: --reason "${example}"`, { command });
  if (reason.length <= REASON_MAX) return reason;
  const message = `--reason has ${reason.length} characters; at most ${REASON_MAX} are kept and shown to others`;
  throw new Fault('HF_USAGE', message, { command });
}
