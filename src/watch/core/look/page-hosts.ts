import { stateRank } from '../../../base/say-mark.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { formatInterval } from '../../../base/say-time.ts';
import type { Loss } from '../loss.ts';
import { KIND_WORDS } from '../render-coverage.ts';
import type { Asked, DataLoss, HostAnswer, HostLoss, LookAnswer } from './answer.ts';
import { type Html, html, joinHtml, NOTHING } from './html.ts';
import { markHtml, placeHtml, restHtml, sizeHtml, stateHtml, timeHtml } from './page-marks.ts';

/** A host may have thousands of data sets; its row tells the worst. */
const DATA_SHOWN_MAX = 12;
/** More pips than this say less than the number. */
const PIPS_MAX = 4;

/** The table of machines, worst first, in two groups: what is not as it should be, and the rest. */
export function hostsHtml(answer: LookAnswer): Html {
  const isBad = ({ is }: HostAnswer): boolean => stateRank(is) < stateRank('ok');
  const bad = answer.hosts.filter(isBad);
  const good = answer.hosts.filter((host) => !isBad(host));
  return html`<section><h2>Worst first<i>${askedWords(answer.asked)}</i></h2>
<table role="table"><colgroup><col class="c1"><col><col class="c3"></colgroup><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Machine, as it was seen</th><th role="columnheader" scope="col">If it died</th><th role="columnheader" scope="col">Survives</th></tr></thead>
${groupHtml(['Not as it should be', 'Was not as it should be'], bad, answer)}${groupHtml(['Works', 'Worked'], good, answer)}</table></section>`;
}

export function askedWords(asked: Asked): string {
  const parts: readonly (readonly [number, string])[] = [
    [asked.whole, 'seen whole'],
    [asked.partial, 'seen in part'],
    [asked.stale, 'seen too long ago'],
    [asked.failed, 'not seen'],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return `${countOf(asked.machines, 'machine')}: ${said.join(', ')}`;
}

function groupHtml(
  [title, then]: readonly [string, string],
  hosts: readonly HostAnswer[],
  answer: LookAnswer,
): Html {
  if (hosts.length === 0) return NOTHING;
  return html`<tbody role="rowgroup"><tr class="grp" role="row"><th colspan="3" role="columnheader" scope="colgroup"><b><span class="now">${title}</span><span class="was">${then}</span></b> ${String(hosts.length)}</th></tr>
${hosts.map((host) => hostHtml(host, answer))}</tbody>`;
}

function hostHtml(host: HostAnswer, answer: LookAnswer): Html {
  const state =
    host.is === 'ok'
      ? html`<span class="vh now">ok</span><span class="is ok was">was ok</span>`
      : stateHtml(host.is);
  return html`<tr role="row"><th role="rowheader" scope="row" class="host ${host.is}">${markHtml(host.is)}<span class="name">${host.host}</span>${state}${asideHtml(host, answer)}</th>
<td role="cell">${lossHtml(host.loss)}${host.alsoLoss.map(alsoHtml)}${dataHtml(host)}</td>
<td role="cell" data-l="Survives">${survivesHtml(host)}</td></tr>
`;
}

/** Why it is not ok, what it runs on, by which names it is known, when it was seen. */
function asideHtml(host: HostAnswer, answer: LookAnswer): Html {
  const words: Html[] = [];
  if (host.why !== '' && host.why !== host.loss.why) words.push(html`${host.why}`);
  if (host.runsOn !== undefined) words.push(html`guest of ${host.runsOn}`);
  if (host.guestCount > 0) words.push(html`${countOf(host.guestCount, 'guest')}`);
  if (host.alsoAs.length > 0) words.push(html`also asked as ${host.alsoAs.join(', ')}`);
  if (host.look === 'partial') words.push(html`seen in part`);
  if (host.look === 'stale' && host.seenAt !== undefined) {
    words.push(html`seen ${timeHtml(host.seenAt, answer.answeredAt)}`);
  }
  return words.length === 0 ? NOTHING : html`<span class="sub">${joinHtml(words, '; ')}</span>`;
}

/** Seen only once the page is stale. */
const THEN = html`<span class="was">Unknown now; then: </span>`;

function lossHtml(loss: HostLoss): Html {
  const why = loss.why === '' ? NOTHING : html`<span class="sub">${loss.why}</span>`;
  const size = loss.bytes > 0 ? html`, ${sizeHtml(loss.bytes, loss.isAtLeast)}` : NOTHING;
  switch (loss.kind) {
    case 'nothing':
      return html`<span class="loss quiet">${THEN}No data seen</span>${why}`;
    case 'window':
      return html`<span class="loss quiet">${THEN}Loses the last changes of ${loss.what}${size}</span>${why}`;
    case 'unknown':
      return html`<span class="loss unknown">${markHtml('unknown')}Unknown${whatHtml(loss, ': ')}${size}</span>${why}`;
    case 'all':
      return html`<span class="loss lost">${markHtml('lost')}${THEN}Loses all${whatHtml(loss, ' of ')}${size}</span>${why}`;
  }
}

const alsoHtml = (loss: HostLoss): Html => html`<div class="also">${lossHtml(loss)}</div>`;

function whatHtml(loss: HostLoss, between: string): Html {
  return loss.what === '' ? NOTHING : html`${between}${loss.what}`;
}

function dataHtml(host: HostAnswer): Html {
  if (host.data.length < 2) return NOTHING;
  const shown = host.data.slice(0, DATA_SHOWN_MAX);
  return html`<details><summary>${countOf(host.data.length, 'data set')}</summary><ul class="data">${shown.map(dataRowHtml)}${restHtml(shown.length, host.data.length)}</ul></details>`;
}

function dataRowHtml(data: DataLoss): Html {
  const kind = KIND_WORDS[data.kind];
  const words = kind === '' ? NOTHING : html`${kind}, `;
  return html`<li>${placeHtml(data.host, data.path)} <span class="sub">${words}${sizeHtml(data.bytes, data.isAtLeast)}; ${lossWords(data.loss)}</span></li>`;
}

function lossWords(loss: Loss): string {
  switch (loss.kind) {
    case 'nothing':
      return 'loses nothing';
    case 'window':
      return `loses ${formatInterval(loss)}`;
    case 'unknown':
      return loss.why === '' ? 'unknown' : `unknown: ${loss.why}`;
    case 'all':
      return loss.why === '' ? 'loses all of it' : `loses all of it: ${loss.why}`;
  }
}

const WAS = html`<span class="was">was </span>`;

/** A recovery point that is proven outweighs disks: those help against the loss of a disk only. */
function survivesHtml({ look, survives, survivesDisks }: HostAnswer): Html {
  if (survives !== undefined && survives > 0) return pipsHtml(survives, `${survives} more`);
  if (survives !== undefined && survivesDisks !== undefined) {
    if (survivesDisks === 0) return pipsHtml(0, '0 more');
    const aside = html`<span class="sub">not the loss of the machine</span>`;
    return html`${pipsHtml(survivesDisks, countOf(survivesDisks, 'disk'))}${aside}`;
  }
  const aside = look === 'whole' ? html`<span class="sub">its disks were not seen</span>` : NOTHING;
  return html`<span class="pips unk" aria-hidden="true"><i></i><i></i></span>${WAS}unknown${aside}`;
}

function pipsHtml(count: number, words: string): Html {
  const shown = Math.min(count, PIPS_MAX);
  const pips = Array.from({ length: Math.max(2, shown) }, (_, at) =>
    at < shown ? html`<i class="on"></i>` : html`<i></i>`,
  );
  return html`<span class="pips${count === 0 ? ' zero' : ''}" aria-hidden="true">${pips}</span>${WAS}${words}`;
}
