/** Services: data sets that are restored together to one moment. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { ifGone } from '../watch/core/exposure/sentence.ts';
import type { MovesByItself } from '../watch/core/exposure/moves-by-itself.ts';
import type { ServiceView } from '../watch/core/exposure/view.ts';
import { formatDuration } from '../base/say-time.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { dataSetTable } from './data-set-rows.ts';
import { survivesHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { limitHtml } from './limits.ts';
import { NOW_LINE_AXIS, NOW_LINE_KEY, nowLine } from './now-line.ts';
import { Room } from './room.ts';
import type { Shown } from './shown.ts';
import { promisedIn, type Timeline, timelineSection } from './timeline.ts';
import { lossWords } from '../watch/core/say-loss.ts';
import { ageHtml, domainWords, outWords, sentenceHtml, urlPart, nameInSentence } from './words.ts';

export function servicesPage(shown: Shown): string {
  const services = shown.exposure?.services ?? [];
  const [worst] = services;
  const lead = worst === undefined ? html`No service is declared yet.` : leadHtml(worst);
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Services</p><h1 class="say">${lead}</h1>
<section><div class="h"><h2>Worst first <i>${countOf(services.length, 'service')}</i></h2></div>${services.length === 0 ? html`<p class="none">A service is data sets that are restored together: declare them below <code>services:</code> in holdfast.yaml.</p>` : html`${servicesTable(services)}${NOW_LINE_KEY}`}</section></div>`;
  return pageOf(shown, { title: 'Services', menu: 'Services', body });
}

function servicesTable(services: readonly ServiceView[]): Html {
  const room = new Room();
  const rows = room.take(services, { countMax: services.length }, (service) => {
    const { name, dataSets, unseen, worst, survives, tier, owners } = service;
    const words = [
      ...(tier === undefined ? [] : [`tier ${tier}`]),
      countOf(dataSets.length, 'data set'),
      ...(unseen.length === 0 ? [] : [`${formatCount(unseen.length)} more not seen`]),
      ...(owners.length === 0 ? [] : [`of ${owners.join(', ')}`]),
    ];
    const hot = hotOf(service);
    const cells =
      worst === undefined
        ? html`<td data-l="If the worst failed">${bareHtml(service)}</td><td class="nlc"></td>`
        : html`<td data-l="If the worst failed"><span class="say1 ${hot.isLossHot ? 'failed' : hot.isOutHot ? 'degraded' : 'plain'}">Loses ${lossWords(worst.loss)}</span><span class="sub">${outWords(worst.outage)}, without ${domainWords(worst.domain)}</span></td><td class="nlc">${nowLine({ loss: worst.loss, outage: worst.outage, ...hot })}</td>`;
    return html`<tr><th scope="row"><a class="name" href="/service?name=${urlPart(name)}">${name}</a><span class="sub">${words.join(', ')}</span></th>${cells}<td data-l="Survives">${survivesHtml(survives)}</td></tr>
`;
  });
  const more = services.length - rows.length;
  return html`<table class="falls"><thead><tr><th class="w-xl">Service</th><th>If the worst failed</th><th class="w-line ax-th">${NOW_LINE_AXIS}</th><th class="w-survives">Survives</th></tr></thead><tbody>${rows}</tbody></table>${more === 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <code>GET /v1/services</code></p>`}`;
}

/** Of what nobody saw nothing is known: not that nothing would be lost. */
function isUnknown({ dataSets, unseen }: ServiceView): boolean {
  return unseen.length > 0 || dataSets.length === 0;
}

function bareHtml(service: ServiceView): Html {
  return isUnknown(service)
    ? html`<b class="unknown">unknown</b><span class="sub">what it is made of was not seen</span>`
    : html`<b>nothing lost</b>`;
}

function hotOf({ promise, worst }: ServiceView): {
  readonly isLossHot: boolean;
  readonly isOutHot: boolean;
} {
  return {
    isLossHot: promise?.mayLose?.standing === 'broken' || worst?.loss.kind === 'all',
    isOutHot: promise?.backWithin?.standing === 'broken' || worst?.outage.kind === 'for good',
  };
}

function leadHtml(service: ServiceView): Html {
  const { name, worst } = service;
  if (worst === undefined && isUnknown(service))
    return html`What would be lost of ${nameInSentence(name)} is <span class="bad dim">unknown</span>: what it is made of was not seen.`;
  if (worst === undefined)
    return html`No single failure that is known would lose anything of ${nameInSentence(name)}.`;
  const { loss, outage, domain } = worst;
  const lost =
    loss.kind === 'unknown'
      ? html`what would be lost of ${nameInSentence(name)} is <span class="bad dim">unknown</span>`
      : html`<span class="bad">${loss.kind === 'all' ? 'all' : lossWords(loss)}</span> of ${nameInSentence(name)} would be lost`;
  const out =
    outage.kind === 'interval' ? html`, and it would be <b>${outWords(outage)}</b>` : NOTHING;
  return html`If ${sentenceHtml(ifGone(domain))} now, ${lost}${out}.`;
}

/** Nothing where no exercise that still counts has looked: then it is not believed. */
function movesFact(moves: MovesByItself | undefined): readonly (readonly [string, Html])[] {
  if (moves === undefined || moves.kind === 'not shown') return [];
  const seen = html`in an exercise ${ageHtml(Math.max(0, moves.ageMs))}`;
  return [['moves by itself', moves.kind === 'moves' ? html`yes, ${seen}` : html`no, ${seen}`]];
}

export function servicePage(shown: Shown, service: ServiceView, timeline?: Timeline): string {
  const { name, dataSets, unseen, dependsOn, owners, runbook, survives, worst, promise } = service;
  const byName = new Map(shown.exposure?.dataSets.map((each) => [each.name, each]));
  const rows = dataSets.flatMap((each) => {
    const dataSet = byName.get(each);
    return dataSet === undefined ? [] : [{ dataSet, hit: dataSet.worst }];
  });
  const facts: readonly (readonly [string, Html])[] = [
    ...(owners.length === 0 ? [] : [['owners', html`${owners.join(', ')}`] as const]),
    ...(dependsOn.length === 0
      ? []
      : [
          [
            'depends on',
            html`${dependsOn.map((each) => html`<a href="/service?name=${urlPart(each)}">${each}</a> `)}`,
          ] as const,
        ]),
    ...(runbook === undefined
      ? []
      : [['runbook', html`<span class="mono">${runbook}</span>`] as const]),
    ...(worst?.lossOf === undefined ? [] : [['loss decided by', html`${worst.lossOf}`] as const]),
    ...(worst?.outageOf === undefined
      ? []
      : [['time out decided by', html`${worst.outageOf}`] as const]),
    ...movesFact(worst?.moves),
    ...(promise?.mayLose === undefined
      ? []
      : [
          [
            'may lose',
            html`${formatDuration(promise.mayLose.promisedMs)}, ${promise.mayLose.standing}`,
          ] as const,
        ]),
    ...(promise?.backWithin === undefined
      ? []
      : [
          [
            'back within',
            html`${formatDuration(promise.backWithin.promisedMs)}, ${promise.backWithin.standing}`,
          ] as const,
        ]),
    ...(unseen.length === 0
      ? []
      : [['declared, and not seen', html`<span class="bad">${unseen.join(', ')}</span>`] as const]),
  ];
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/services">Services</a> / ${name}</p><h1 class="say">${leadHtml(service)}</h1>
<p class="basis">Survives ${survivesHtml(survives)}. What is lost is that of its worst data set; it is out until the slowest is back, and what it depends on.</p>
${limitHtml(worst?.bottleneck)}
<section><div class="h"><h2>What it is made of <i>${countOf(dataSets.length, 'data set')}</i></h2></div>${rows.length === 0 ? html`<p class="none">None of its data sets is known yet.</p>` : html`${dataSetTable(rows, { at: shown.at, awayFrom: undefined })}${NOW_LINE_KEY}`}</section>
${timelineSection(timeline, { at: shown.at, promise: promisedIn(promise) })}
${facts.length === 0 ? NOTHING : html`<section><div class="h"><h2>About it</h2></div><dl class="facts">${facts.map(([term, said]) => html`<dt>${term}</dt><dd>${said}</dd>`)}</dl></section>`}</div>`;
  return pageOf(shown, { title: name, menu: 'Services', body });
}
