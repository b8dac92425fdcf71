/** What is worth a change, over all hosts: of sights, of what people declared, of who said what. */
import type { UnixMs } from '../../base/units.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { Steps } from '../../base/steps.ts';
import { pathText } from '../../watch/core/look/across.ts';
import { findingsInSteps } from '../../watch/core/look/answer-of.ts';
import { backupAnswers } from '../../watch/core/look/backup-answers.ts';
import type { DeclaredDifference } from '../../watch/core/look/declared-diff.ts';
import { declaredDiff } from '../../watch/core/look/declared-diff.ts';
import { inSection } from '../../watch/core/look/finding.ts';
import { hostNames } from '../../watch/core/look/host-names.ts';
import { ownersIn } from '../../watch/core/look/owners.ts';
import type { EstateDrill } from '../../watch/core/drills/estate-drill.ts';
import type { SeenAtServer } from './estate-at-server.ts';
import type { ExposedFinding } from './exposed-view.ts';
import type { HostShown } from './sights.ts';
import { ours, type Unowned } from './ours.ts';
import { toldFindings } from './told-findings.ts';

const SECTIONS = ['degraded', 'single', 'fate', 'change'] as const;
/** Of each of ours; of what is more the last says how much. */
const OF_EACH_MAX = 500;
const NAMES_SHOWN = 5;

export function* exposedFindings(
  seen: SeenAtServer,
  now: UnixMs,
): Steps<readonly ExposedFinding[]> {
  const found = yield* findingsInSteps(seen.many, now, seen.estate);
  yield;
  const hostOf = hostNames(seen.machines);
  yield;
  const ownersOf = ownersIn(seen.estate, seen.declared, (host) => hostOf(host) ?? host);
  const all: ExposedFinding[] = [];
  for (const section of SECTIONS) {
    yield;
    const ofSection = inSection(found, section);
    yield;
    for (const each of ofSection) {
      const { code, rank, hosts, subject, sentence, bytes, fix, source, since } = each;
      const owners = ownersOf(each);
      all.push({
        section,
        code,
        rank,
        hosts,
        subject,
        sentence,
        bytes,
        fix,
        source,
        since,
        owners,
      });
    }
  }
  for (const find of OURS) {
    yield;
    for (const each of find(seen)) all.push({ ...each, owners: ownersOf(each) });
  }
  yield;
  return worstFirst(all);
}

const OURS = [
  ...[declaredFindings, ignoredFindings, trustFindings, unopenedFindings],
  toldFindings,
] as const;

export function worstFirst(found: readonly ExposedFinding[]): readonly ExposedFinding[] {
  return [...found].sort((one, other) => one.rank - other.rank || other.bytes - one.bytes);
}

/** A backup that was found, and of which nobody here knows what it holds or whether it comes back. */
function unopenedFindings({ many, shown }: SeenAtServer): readonly Unowned[] {
  const told = new Map(
    shown.flatMap(({ host, ledger }) =>
      ledger?.now.standing === 'fresh' ? [[host, ledger.report.estate.found] as const] : [],
    ),
  );
  return backupAnswers(many)
    .flatMap(({ tool, where, from, liesOn, openCommand }) => {
      const hosts = from.length > 0 ? from : liesOn === undefined ? [] : [liesOn];
      // Who opened it on its host says so in the report of that host.
      const doubted = hosts.filter(
        (host) => told.get(host)?.some((each) => each.tool === tool) !== false,
      );
      if (doubted.length === 0) return [];
      const at = where === undefined ? tool : `${tool} at ${where}`;
      return ours({
        ...{ code: 'backup-unopened', section: 'change', hosts: doubted, subject: at },
        rank: / snapshots$/.test(tool) ? 4 : 3,
        sentence:
          'was found and never opened: what it holds is unknown, and nothing of it was ever restored for a trial',
        fix: { kind: 'command', line: openCommand, says: `on ${doubted[0] ?? ''}` },
      });
    })
    .slice(0, OF_EACH_MAX);
}

const DECLARED = {
  'not seen': { code: 'declared-not-seen', rank: 2 },
  'not declared': { code: 'seen-not-declared', rank: 4 },
  unknown: { code: 'declared-unknown', rank: 3 },
} as const;

function declaredFindings({ declared, looks }: SeenAtServer): readonly Unowned[] {
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

/** What a person took out of the answer is still said: once it was right to. */
function ignoredFindings({ leftOut }: SeenAtServer): readonly Unowned[] {
  return leftOut.slice(0, OF_EACH_MAX).map(({ host, data, why }) =>
    ours({
      ...{ code: 'ignored-data', rank: 4, section: 'declared', hosts: [host] },
      ...{ subject: pathText(data.path), bytes: data.bytes },
      sentence: `is left out of what would be lost, as holdfast.yaml says: ${why}`,
    }),
  );
}

function declaredWords({ part, kind, why }: DeclaredDifference): string {
  const facts = why === '' ? '' : ` (${why})`;
  if (kind === 'not seen') return `is declared as a ${part}, and is not there${facts}`;
  if (kind === 'unknown') return `is declared as a ${part}, and nobody saw it${facts}`;
  return `is a ${part} that holdfast.yaml does not name${facts}`;
}

/** A host speaks of itself: what it says of others is no proof, and is worth a look at that host. */
function trustFindings({ shown, same, drills }: SeenAtServer): readonly Unowned[] {
  return [
    ...same.map((hosts) =>
      ours({
        ...{ code: 'same-machine-id', section: 'trust', rank: 2, hosts, subject: '' },
        sentence: 'give the same machine id: one is a clone, or says that it is another',
        fix: { kind: 'change', text: 'Give each clone a machine-id of its own.' },
      }),
    ),
    ...shown.flatMap(ofHost).slice(0, OF_EACH_MAX),
    ...strayDrills(shown),
    ...mismatches(drills),
  ];
}

/** Who says that it drilled another's, without a job of this server. */
function strayDrills(shown: readonly HostShown[]): readonly Unowned[] {
  const hostOf = new Map(
    shown.flatMap(({ host, ledger }) =>
      (ledger?.report.estate.points ?? []).map(({ id }) => [id, host] as const),
    ),
  );
  return shown.flatMap(({ host, ledger }) => {
    const points = (ledger?.report.strayDrills ?? []).filter((point) => {
      const owner = hostOf.get(point);
      return owner !== undefined && owner !== host;
    });
    if (points.length === 0) return [];
    const owners = [...new Set(points.map((point) => hostOf.get(point)))].slice(0, NAMES_SHOWN);
    return ours({
      ...{ code: 'drilled-unasked', section: 'trust', rank: 2, hosts: [host] },
      subject: owners.join(', '),
      sentence: `says that it drilled ${countOf(points.length, 'point')} of others, which this server never asked of it; nothing of that counts`,
      fix: { kind: 'change', text: 'See who has its agent, or what its ledger was copied from.' },
    });
  });
}

/** Of each data set the last word: what came back later as it should ends it. */
function mismatches(drills: readonly EstateDrill[]): readonly Unowned[] {
  const last = new Map(
    drills.flatMap((drill) =>
      drill.end === undefined ? [] : [[`${drill.host} ${drill.dataSet}`, drill] as const],
    ),
  );
  return [...last.values()]
    .filter(({ end }) => end?.verdict === 'mismatch')
    .slice(0, OF_EACH_MAX)
    .map(({ host, dataSet, askedAt, end }) => ({
      ...ours({
        ...{ code: 'drill-mismatch', section: 'trust', rank: 1, hosts: [host], subject: dataSet },
        sentence: `answered a drill with what it was not asked: ${end?.why ?? ''}; it proves nothing`,
        fix: {
          kind: 'change',
          text: 'See who has the agent of that host, and drill it on another.',
        },
      }),
      since: askedAt,
    }));
}

function ofHost({ host, sight, ledger }: HostShown): readonly Unowned[] {
  const hosts = [host];
  const found: Unowned[] = [];
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
