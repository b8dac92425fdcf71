/** What a look ends with: exit code, words, JSON. */
import type { Style } from '../../base/say.ts';
import { layoutRows } from '../../base/say-rows.ts';
import { sayText } from '../../base/say-name.ts';
import { wrap } from '../../base/say-width.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { EXIT, type ExitCode } from '../cli/exit-code.ts';
import type { Looked } from './run-look.ts';

/** Whether all of it was seen that this user may see. */
function isWhole(look: HostLook): boolean {
  return look.kind === 'answered' && look.sight.cut === undefined;
}

export function lookCode({ looks }: Looked): ExitCode {
  if (looks.every(isWhole)) return EXIT.done;
  return looks.some(({ kind }) => kind === 'answered') ? EXIT.gaps : EXIT.error;
}

/** What a file named and nobody asked, and what of it was not heeded. */
export function leftOutWords({ leftOut, notes }: Looked, style: Style): readonly string[] {
  const rows = leftOut.map(({ name, why }) => ({
    ...{ mark: undefined, label: sayText(name, style), text: sayText(why, style) },
  }));
  return [
    ...section('Not asked', layoutRows(style, rows)),
    ...section(
      '',
      notes.flatMap((note) => wrap(sayText(note, style), style.width)),
    ),
  ];
}

/** Nothing where there is nothing to say. */
export function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...(title === '' ? [] : [title]), ...lines];
}

export function askedJson({ looks, leftOut, notes, tookMs, isStopped }: Looked): object {
  const hosts = looks.map((look) => {
    const { host, kind, tookMs: hostTookMs } = look;
    if (look.kind === 'failed') {
      return { host, kind, tookMs: hostTookMs, why: look.why, remedy: look.remedy };
    }
    return { host, kind, tookMs: hostTookMs, isWhole: isWhole(look), cut: look.sight.cut };
  });
  return { hosts, leftOut, notes, tookMs, isStopped };
}
