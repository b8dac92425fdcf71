/** What a person can still do where a check of a vault found damage. */
import type { Style } from '../../base/say.ts';
import { sayName } from '../../base/say-name.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import { formatAge } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { CheckReport } from '../../vault/shell/check-request.ts';
import { readCopyRecords } from '../vault-copies.ts';
import { nameOfPlace } from '../vault-place.ts';
import type { VaultSession } from '../vault-session.ts';

/** Of several copies the one that is newest is named. */
export function remedyRows(
  report: Pick<CheckReport, 'isSound' | 'goneSnapshots'>,
  session: VaultSession,
  { style, now }: { readonly style: Style; readonly now: UnixMs },
): readonly LabelledRow[] {
  if (report.isSound) return [];
  const own = nameOfPlace(session.line.place);
  const [newest] = readCopyRecords(session, session.state.directory, session.vault.id)
    .filter(({ place, completeAt }) => place !== own && completeAt !== undefined)
    .sort((one, other) => (other.completeAt ?? 0) - (one.completeAt ?? 0));
  const [here, copy] = [sayName(own, style), sayName(newest?.place ?? own, style)];
  const rows: LabelledRow[] = [];
  const row = (text: string, command?: string): void => {
    rows.push({
      mark: undefined,
      label: 'do',
      text,
      ...(command === undefined ? {} : { command }),
    });
  };
  if (report.goneSnapshots > 0) {
    row('find out who or what emptied it, before the next backup');
  } else {
    row('what its hosts still have is stored anew by their next backups');
  }
  if (newest?.completeAt === undefined) {
    row(
      'a copy of this vault has the rest, where there is one: `holdfast vault repair VAULT --from COPY`',
    );
    return rows;
  }
  const text = `a copy that was whole ${formatAge(now - newest.completeAt)} has what lay here then:`;
  row(text, `holdfast vault repair ${here} --from ${copy}`);
  return rows;
}
