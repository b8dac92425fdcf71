/** What a word is found in: hosts, data sets, services, checks, findings. */
import { countOf } from '../base/say-quantity.ts';
import { utf8Of } from '../manifest/core/utf8.ts';
import { type Html, html } from '../watch/core/look/html.ts';
import { checksOf } from './checks.ts';
import { markHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import type { Shown } from './shown.ts';
import { urlPart } from './words.ts';

const EACH_MAX = 20;

interface Hit {
  readonly kind: string;
  readonly row: Html;
}

export function searchPage(shown: Shown, asked: string): string {
  const wanted = asked.trim().toLowerCase();
  const hits = wanted === '' ? [] : hitsOf(shown, wanted);
  const lead =
    wanted === ''
      ? html`Search hosts, data sets, services, checks and findings.`
      : hits.length === 0
        ? html`Nothing is called <b>${asked}</b>, as far as is known.`
        : html`<b>${countOf(hits.length, 'thing')}</b> for <b>${asked}</b>.`;
  const kinds = [...new Set(hits.map(({ kind }) => kind))].map(
    (kind) =>
      html`<section><div class="h"><h2>${kind}</h2></div>${hits.filter((hit) => hit.kind === kind).map(({ row }) => row)}</section>`,
  );
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Search</p><h1 class="say">${lead}</h1>
<form action="/search"><label class="field"><span>Search again</span><input type="search" name="q" value="${asked}" maxlength="100"></label></form>
${kinds}</div>`;
  return pageOf(shown, { title: 'Search', menu: '', body });
}

function hitsOf(shown: Shown, wanted: string): readonly Hit[] {
  const { estate, exposure, findings, coverage } = shown;
  const has = (text: string): boolean => text.toLowerCase().includes(wanted);
  const hosts = estate.hosts.filter(({ host }) => has(host));
  const dataSets = exposure?.dataSets.filter(({ name }) => has(name)) ?? [];
  const services = exposure?.services.filter(({ name }) => has(name)) ?? [];
  const checks = checksOf(estate).filter(({ item }) => item !== '' && has(item));
  const found = findings.filter(({ sentence, subject }) => has(sentence) || has(subject));
  const data = coverage.filter(({ path }) => has(utf8Of(path)));
  return [
    ...listed(
      'Hosts',
      hosts,
      ({ host, standing }) =>
        html`${markHtml(standing.mark)} <a class="name" href="/hosts/${urlPart(host)}">${host}</a><span class="sub">${standing.why}</span>`,
    ),
    ...listed(
      'Data sets',
      dataSets,
      ({ name }) => html`<a class="name" href="/data-set?name=${urlPart(name)}">${name}</a>`,
    ),
    ...listed(
      'Services',
      services,
      ({ name }) => html`<a class="name" href="/service?name=${urlPart(name)}">${name}</a>`,
    ),
    ...listed(
      'Data that was found',
      data,
      ({ host, path, state }) =>
        html`<a class="name" href="/unprotected?host=${urlPart(host)}">${host}:${utf8Of(path)}</a><span class="sub">${state === 'covered' ? 'in a recovery point' : state === 'none' ? 'in no recovery point' : 'unknown'}</span>`,
    ),
    ...listed(
      'Checks',
      checks,
      ({ host, item, standing }) =>
        html`${markHtml(standing.mark)} <a class="name" href="/hosts/${urlPart(host)}/checks/${urlPart(item)}">${item} on ${host}</a><span class="sub">${standing.why}</span>`,
    ),
    ...listed(
      'Findings',
      found,
      ({ hosts: of, sentence }) => html`<b>${of.slice(0, 4).join(', ')}</b>: ${sentence}`,
    ),
  ];
}

function listed<T>(kind: string, all: readonly T[], row: (each: T) => Html): readonly Hit[] {
  return all.slice(0, EACH_MAX).map((each) => ({
    kind,
    row: html`<div class="li">${row(each)}</div>
`,
  }));
}
