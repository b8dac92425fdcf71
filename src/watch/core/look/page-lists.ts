import { stateRank } from '../../../base/say-mark.ts';
import { countOf } from '../../../base/say-quantity.ts';
import type { UnixMs } from '../../../base/units.ts';
import { KIND_WORDS } from '../render-coverage.ts';
import type {
  BackupAnswer,
  Finding,
  Fix,
  LookAnswer,
  NotSeenAnswer,
  Unprotected,
} from './answer.ts';
import { type Html, html, joinHtml, NOTHING } from './html.ts';
import { markHtml, placeHtml, restHtml, sizeHtml, timeHtml } from './page-marks.ts';

/** A page is read by a person; the rest stands in the JSON. */
const ROWS_MAX = 80;

interface Section {
  readonly title: string;
  readonly lead?: string;
}

function listHtml<T>(section: Section, all: readonly T[], row: (each: T) => Html): Html {
  if (all.length === 0) return NOTHING;
  const shown = all.slice(0, ROWS_MAX);
  const lead = section.lead === undefined ? NOTHING : html`<p class="lead">${section.lead}</p>`;
  return html`<section><h2>${section.title}<i>${String(all.length)}</i></h2>${lead}
<ul>${shown.map(row)}${restHtml(shown.length, all.length)}</ul></section>
`;
}

/** More than these would push the sentence off the screen: they fold. */
const BAND_MAX = 6;

/** What is failed or degraded now, before everything else. */
export function bandHtml({ degraded }: LookAnswer): Html {
  if (degraded.length === 0) return NOTHING;
  const rows = degraded.slice(0, ROWS_MAX).map(bandRowHtml);
  const folded = rows.slice(BAND_MAX);
  const more = html`<details><summary>${String(degraded.length - BAND_MAX)} more</summary><ul>${folded}${restHtml(rows.length, degraded.length)}</ul></details>`;
  return html`<div class="band" role="region" aria-label="Not as it should be"><ul>${rows.slice(0, BAND_MAX)}</ul>${folded.length > 0 ? more : NOTHING}</div>`;
}

function bandRowHtml(finding: Finding): Html {
  return html`<li class="${finding.is}">${markHtml(finding.is)}<b><span class="was">was </span>${finding.is}</b> <span class="what">${hostsWords(finding.hosts)}: ${finding.sentence}</span>${fixHtml(finding.fix)}</li>
`;
}

export const singlePointsHtml = (answer: LookAnswer): Html =>
  listHtml({ title: 'Single points of failure' }, answer.singlePoints, findingHtml);

export const sharedFateHtml = (answer: LookAnswer): Html =>
  listHtml(
    { title: 'Shared fate', lead: 'Lost together with what it should save.' },
    answer.sharedFate,
    findingHtml,
  );

export const findingsHtml = (answer: LookAnswer): Html =>
  listHtml({ title: 'Worth a change' }, answer.findings, findingHtml);

function findingHtml(finding: Finding): Html {
  const isBad = stateRank(finding.is) < stateRank('ok');
  const mark = isBad ? html`<span class="${finding.is}">${markHtml(finding.is)}</span>` : NOTHING;
  const word = isBad
    ? html`<b class="${finding.is}"><span class="was">was </span>${finding.is}</b> `
    : NOTHING;
  const source =
    finding.source === undefined ? NOTHING : html`<span class="sub">as at ${finding.source}</span>`;
  return html`<li class="row"><span class="who">${mark}${hostsWords(finding.hosts)}</span><div><p>${word}${finding.sentence}</p>${fixHtml(finding.fix)}${source}</div></li>
`;
}

function fixHtml(fix: Fix | undefined): Html {
  if (fix === undefined) return NOTHING;
  if (fix.kind === 'change') return html`<p class="fix"><b>Fix</b>${fix.text}</p>`;
  return html`<p class="fix"><b>Fix</b><code class="cmd">${fix.line}</code> ${fix.says}</p>`;
}

const HOSTS_NAMED_MAX = 6;

function hostsWords(hosts: readonly string[]): string {
  if (hosts.length <= HOSTS_NAMED_MAX) return hosts.join(', ');
  const named = hosts.slice(0, HOSTS_NAMED_MAX - 1).join(', ');
  return `${named} and ${hosts.length - HOSTS_NAMED_MAX + 1} more`;
}

export const unprotectedHtml = (answer: LookAnswer): Html =>
  listHtml(
    { title: 'In no recovery point that was opened', lead: 'And named by no job that was found.' },
    answer.unprotected,
    (data) => unprotectedRowHtml(data, answer.answeredAt),
  );

function unprotectedRowHtml(data: Unprotected, answeredAt: UnixMs): Html {
  const written =
    data.newestChange === undefined
      ? html`change not seen`
      : html`written ${timeHtml(data.newestChange, answeredAt)}`;
  const doubt = data.isCertain ? '' : 'perhaps in a backup not opened';
  const words = [KIND_WORDS[data.kind], ...data.notes, doubt].filter((word) => word !== '');
  const said = [written, ...words.map((word) => html`${word}`)];
  return html`<li class="size">${placeHtml(data.host, data.path)}${sizeHtml(data.bytes, data.isAtLeast)}<span class="sub">${joinHtml(said, '; ')}</span></li>
`;
}

export const backupsHtml = (answer: LookAnswer): Html =>
  listHtml(
    {
      title: 'Backups found and not opened',
      lead: 'What they hold is unknown until they are opened, read-only, with your key.',
    },
    answer.backups,
    (backup) => backupHtml(backup, answer.answeredAt),
  );

function backupHtml(backup: BackupAnswer, answeredAt: UnixMs): Html {
  const said: Html[] = [];
  if (backup.count > 1) said.push(html`${countOf(backup.count, 'of these', 'of these')}`);
  if (backup.from.length > 0) {
    const by = backup.by.length > 0 ? ` by ${backup.by.join(', ')}` : '';
    said.push(html`from ${hostsWords(backup.from)}${by}`);
  }
  if (backup.lastWritten !== undefined) {
    said.push(html`last written ${timeHtml(backup.lastWritten, answeredAt)}`);
  }
  if (backup.lastRun !== undefined) {
    said.push(html`last run ${timeHtml(backup.lastRun, answeredAt)}`);
  }
  const where = backup.where === undefined ? 'where it lies was not seen' : backup.where;
  const sub = said.length === 0 ? NOTHING : html`<span class="sub">${joinHtml(said, '; ')}</span>`;
  return html`<li class="row"><span class="who unknown">${markHtml('unknown')}${backup.tool}</span><div><p><span class="unknown">unknown</span>, ${where}</p>${sub}${commandHtml('Open', backup.openCommand)}</div></li>
`;
}

export const notSeenHtml = (answer: LookAnswer): Html =>
  listHtml(
    { title: 'Not seen', lead: 'What was not seen is not absent.' },
    answer.notSeen,
    notSeenRowHtml,
  );

function commandHtml(verb: string, command: string): Html {
  if (command === '') return NOTHING;
  return html`<p class="fix"><b>${verb}</b><code class="cmd">${command}</code></p>`;
}

function notSeenRowHtml(gap: NotSeenAnswer): Html {
  const more = gap.remedy === '' ? gap.why : gap.remedy;
  const why = more === '' ? NOTHING : html`<span class="sub">${more}</span>`;
  return html`<li class="row"><span class="who">${gap.isAll ? 'all' : hostsWords(gap.hosts)}</span><div><p>${gap.what}</p>${why}${commandHtml('See it', gap.command ?? '')}</div></li>
`;
}
