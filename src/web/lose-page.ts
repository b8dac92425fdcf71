/** Simulate loss: any set of what can fail, and what it would cost. Nothing is touched. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { lastWords } from '../watch/core/say-loss.ts';
import { type Html, html, joinHtml, NOTHING } from '../watch/core/look/html.ts';
import type { LostTogether } from '../watch/core/look/lost-together.ts';
import { dataSetTable } from './data-set-rows.ts';
import { loseName } from '../watch/core/domain.ts';
import { pageOf } from './layout.ts';
import { NOW_LINE_KEY } from './now-line.ts';
import type { Shown } from './shown.ts';
import { lossWords } from '../watch/core/say-loss.ts';
import { domainWords, outWords, urlPart, nameInSentence } from './words.ts';

export interface Lost {
  /** As they were asked for. */
  readonly names: readonly string[];
  /** Undefined: nothing was asked for yet, or it was not understood. */
  readonly found: LostTogether | undefined;
  /** Why it was not. */
  readonly wrong: string | undefined;
}

const GROUP_MAX = 100;
const HIT_MAX = 50;

export function losePage(shown: Shown, lost: Lost): string {
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Simulate loss</p>
<h1 class="say">${leadHtml(lost)}</h1>
${lost.wrong === undefined ? NOTHING : html`<p class="wrong">${lost.wrong}</p>`}
${foundHtml(shown, lost)}
<section id="sim"><div class="h"><h2>What would be lost, and for how long, without</h2></div>${choiceHtml(shown, { names: lost.names, action: '/lose', verb: 'Simulate loss' })}</section></div>`;
  return pageOf(shown, { title: 'Simulate loss', menu: 'Exposure', body });
}

function leadHtml({ found, names }: Lost): Html {
  if (found === undefined) {
    return html`Choose what fails together, and see <b>what it would cost</b>.`;
  }
  const named = joinHtml(
    found.lost.map(({ name }) => nameInSentence(name)),
    ' and ',
  );
  const [worst] = found.rows.filter(({ loss }) => loss.kind !== 'nothing');
  const together = names.length > 1 ? 'were lost together' : 'were lost';
  const lead = html`If ${named} ${together} now, `;
  if (worst === undefined)
    return html`${lead}<b>nothing</b> of ${countOf(found.dataSetCount, 'data set')} would be lost${found.notSeen.length === 0 ? '' : ', as far as is known'}.`;
  const { loss, dataSet, outage } = worst;
  const out = outage.kind === 'interval' ? html`, ${outWords(outage)}` : NOTHING;
  const lost =
    loss.kind === 'unknown'
      ? html`what would be lost of ${nameInSentence(dataSet)} is <span class="bad dim">unknown</span>`
      : html`<span class="bad">${loss.kind === 'window' ? lastWords(loss) : lossWords(loss).replace(' of it', '')}</span> of ${nameInSentence(dataSet)} would be lost`;
  const others = found.rows.length - 1;
  return html`${lead}${lost}${out}${others > 0 ? `, and ${formatCount(others)} more would be hit` : ''}.`;
}

function foundHtml(shown: Shown, { found, names }: Lost): Html {
  if (found === undefined) return NOTHING;
  const byName = new Map(shown.exposure?.dataSets.map((each) => [each.name, each]));
  const rows = found.rows.slice(0, HIT_MAX).flatMap((hit) => {
    const dataSet = byName.get(hit.dataSet);
    return dataSet === undefined ? [] : [{ dataSet, hit }];
  });
  const notes = [
    ...(found.services.length === 0
      ? []
      : [`Services that it would take: ${found.services.join(', ')}.`]),
    ...(found.notSeen.length === 0
      ? []
      : [`Nobody has seen what lies on ${found.notSeen.join(', ')}: more may be lost.`]),
    ...(found.seenInPart.length === 0
      ? []
      : [`${found.seenInPart.join(', ')} answered in part: more may be lost.`]),
  ];
  const query = names.map((name, at) => html`${at === 0 ? '' : '&'}lost=${urlPart(name)}`);
  const rest = found.rows.length - rows.length;
  const more = html`<p class="pager">${formatCount(rest)} more: <code>GET /v1/lose</code></p>`;
  return html`${notes.map((note) => html`<p class="basis">${note}</p>`)}
${rows.length === 0 ? NOTHING : html`<section><div class="h"><h2>What would be hit <i>${countOf(found.rows.length, 'data set')} of ${formatCount(found.dataSetCount)}</i></h2><a href="/recovery-plan?${query}">Plan the recovery</a></div>${dataSetTable(rows, { at: shown.at, awayFrom: undefined })}${rest <= 0 ? NOTHING : more}${NOW_LINE_KEY}</section>`}`;
}

/** What can be named, in the order of what would cost most. */
export function choiceHtml(
  { exposure }: Pick<Shown, 'exposure'>,
  of: { readonly names: readonly string[]; readonly action: string; readonly verb: string },
): Html {
  const asked = new Set(of.names);
  const groups = new Map<string, { readonly name: string; readonly words: string }[]>();
  for (const { domain } of exposure?.falls ?? []) {
    const group = domain.kind === 'group' ? domain.of : GROUPS[domain.kind];
    const entries = groups.get(group) ?? [];
    const name = loseName(domain);
    if (name === undefined || (entries.length >= GROUP_MAX && !asked.has(name))) continue;
    entries.push({ name, words: domainWords(domain) });
    groups.set(group, entries);
  }
  if (groups.size === 0) {
    return html`<p class="none">No host has said yet what lies on it, so nothing can be taken away.</p>`;
  }
  const sets = [...groups].map(([group, entries]) => {
    const boxes = entries.map(({ name, words }) =>
      asked.has(name)
        ? html`<label><input type="checkbox" name="lost" value="${name}" checked> <span>${words}</span></label>`
        : html`<label><input type="checkbox" name="lost" value="${name}"> <span>${words}</span></label>`,
    );
    return html`<fieldset><legend>${group}</legend><div class="boxes">${boxes}</div></fieldset>`;
  });
  return html`<form class="sim" action="${of.action}">${sets}<div class="verbs"><button class="btn go" type="submit">${of.verb}</button> <span class="sub">Nothing is touched.</span></div></form>`;
}

const GROUPS = {
  host: 'Hosts',
  disk: 'Disks',
  volume: 'Volumes and storage systems',
  directory: 'Directories, deleted',
  key: 'Keys',
  credential: 'Root keys',
} as const;
