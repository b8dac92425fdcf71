/** A finding that the server makes of what it was told, with what need not be said left out. */
import type { ExposedFinding } from './exposed-view.ts';

export type Unowned = Omit<ExposedFinding, 'owners'>;
type Ours = Pick<Unowned, 'code' | 'section' | 'rank' | 'hosts' | 'subject' | 'sentence'> &
  Partial<Pick<Unowned, 'bytes' | 'fix' | 'since' | 'dataSets' | 'vaultPlace'>>;

export function ours(of: Ours): Unowned {
  return { bytes: 0, fix: undefined, source: undefined, since: undefined, ...of };
}
