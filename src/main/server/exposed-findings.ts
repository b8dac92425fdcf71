/** What is worth a change, over all hosts: of sights, of what people declared, of who said what. */
import type { UnixMs } from '../../base/units.ts';
import { countOf } from '../../base/say-quantity.ts';
import { findingsOf } from '../../watch/core/look/answer-of.ts';
import type { DeclaredDifference } from '../../watch/core/look/declared-diff.ts';
import { declaredDiff } from '../../watch/core/look/declared-diff.ts';
import { inSection } from '../../watch/core/look/finding.ts';
import type { SeenAtServer } from './estate-at-server.ts';
import type { ExposedFinding } from './exposed-view.ts';
import type { HostShown } from './sights.ts';

const SECTIONS = ['degraded', 'single', 'fate', 'change'] as const;
/** Of each of ours; of what is more the last says how much. */
const OF_EACH_MAX = 500;
const NAMES_SHOWN = 5;

export function exposedFindings(seen: SeenAtServer, now: UnixMs): readonly ExposedFinding[] {
  const found = findingsOf(seen.many, now);
  const ofLooks = SECTIONS.flatMap((section) =>
    inSection(found, section).map((each): ExposedFinding => {
      const { code, rank, hosts, subject, sentence, bytes, fix, source, since } = each;
      return { section, code, rank, hosts, subject, sentence, bytes, fix, source, since };
    }),
  );
  return [...ofLooks, ...declaredFindings(seen), ...trustFindings(seen)].sort(
    (one, other) => one.rank - other.rank || other.bytes - one.bytes,
  );
}

type Ours = Pick<ExposedFinding, 'code' | 'section' | 'rank' | 'hosts' | 'subject' | 'sentence'> &
  Partial<Pick<ExposedFinding, 'bytes' | 'fix'>>;

function ours(of: Ours): ExposedFinding {
  return { bytes: 0, fix: undefined, source: undefined, since: undefined, ...of };
}

const DECLARED = {
  'not seen': { code: 'declared-not-seen', rank: 2 },
  'not declared': { code: 'seen-not-declared', rank: 4 },
  unknown: { code: 'declared-unknown', rank: 3 },
} as const;

function declaredFindings({ declared, looks }: SeenAtServer): readonly ExposedFinding[] {
  // Where people wrote nothing, nothing differs from it.
  const isWritten = declared.hosts.length + declared.dataSets.length + declared.points.length > 0;
  if (!isWritten) return [];
  return declaredDiff(declared, looks)
    .slice(0, OF_EACH_MAX)
    .map((each) => {
      const { code, rank } = DECLARED[each.kind];
      return ours({
        ...{ code, rank, section: 'declared', hosts: [each.host], subject: each.name },
        sentence: declaredWords(each),
        bytes: each.bytes ?? 0,
      });
    });
}

function declaredWords({ part, kind, why }: DeclaredDifference): string {
  const facts = why === '' ? '' : ` (${why})`;
  if (kind === 'not seen') return `is declared as a ${part}, and is not there${facts}`;
  if (kind === 'unknown') return `is declared as a ${part}, and nobody saw it${facts}`;
  return `is a ${part} that holdfast.yaml does not name${facts}`;
}

/** A host speaks of itself: what it says of others is no proof, and is worth a look at that host. */
function trustFindings({ shown, same }: SeenAtServer): readonly ExposedFinding[] {
  return [
    ...same.map((hosts) =>
      ours({
        ...{ code: 'same-machine-id', section: 'trust', rank: 2, hosts, subject: '' },
        sentence: 'give the same machine id: one is a clone, or says that it is another',
        fix: { kind: 'change', text: 'Give each clone a machine-id of its own.' },
      }),
    ),
    ...shown.flatMap(ofHost).slice(0, OF_EACH_MAX),
  ];
}

function ofHost({ host, sight, ledger }: HostShown): readonly ExposedFinding[] {
  const hosts = [host];
  const found: ExposedFinding[] = [];
  const foreign = ledger?.report.foreign ?? [];
  if (foreign.length > 0) {
    const names = foreign.slice(0, NAMES_SHOWN).join(', ');
    found.push(
      ours({
        ...{ code: 'spoke-of-others', section: 'trust', rank: 1, hosts, subject: names },
        sentence: `reported ${countOf(foreign.length, 'data set')} that do not lie on it; nothing of that counts`,
        fix: { kind: 'change', text: 'See who has its agent, or what its ledger was copied from.' },
      }),
    );
  }
  for (const { what, why } of ledger?.report.notSeen.slice(0, NAMES_SHOWN) ?? []) {
    found.push(
      ours({
        ...{ code: 'ledger-not-seen', section: 'trust', rank: 3, hosts, subject: what },
        sentence: `could not read ${what}: ${why}`,
      }),
    );
  }
  for (const [what, its] of [['sight', sight] as const, ['ledger report', ledger] as const]) {
    if (its?.now.standing !== 'two speakers') continue;
    found.push(
      ours({
        ...{ code: 'two-speakers', section: 'trust', rank: 1, hosts, subject: what },
        sentence: 'has two speakers with one key: nothing that it shows counts',
        fix: { kind: 'command', line: `holdfast server token ${host}`, says: 'enrols it anew' },
      }),
    );
  }
  return found;
}
