/** Words of the pages for what would be, and times with their age. */
import { isoTimeOf } from '../base/iso-time.ts';
import { formatBytes } from '../base/say-quantity.ts';
import { formatAge, formatDuration, formatInstant } from '../base/say-time.ts';
import type { UnixMs } from '../base/units.ts';
import { utf8Of } from '../manifest/core/utf8.ts';
import type { FailureDomain } from '../watch/core/domain.ts';
import type { SentencePart } from '../watch/core/exposure/view.ts';
import type { Proof } from '../watch/core/exposure/rows.ts';
import { type Html, html } from '../watch/core/look/html.ts';
import type { Outage } from '../watch/core/outage.ts';
import { outageWords } from '../watch/core/say-loss.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';

/** `out 9 to 12 min`, `time out unknown`. */
export function outWords(outage: Outage): string {
  const words = outageWords(outage);
  if (outage.kind === 'not out') return words;
  if (outage.kind === 'for good') return 'gone for good';
  return words === 'unknown' ? 'time out unknown' : `out ${words}`;
}

/** An age that the script keeps counting. */
export function ageHtml(ageMs: number): Html {
  return html`<span class="nw" data-age="${String(Math.round(ageMs))}">${formatAge(ageMs)}</span>`;
}

/** `for 16 min`, since then. */
export function forHtml(since: UnixMs, now: UnixMs): Html {
  return html`<span class="nw">for ${formatDuration(Math.max(0, now - since), { detail: 'rough', rounding: 'down' })}</span>`;
}

/** In UTC; the script adds the reader's own hour. */
export function timeHtml(at: UnixMs, now: UnixMs): Html {
  return html`<time class="nw" datetime="${isoTimeOf(at)}">${formatInstant(at, now)}</time>`;
}

export function sizeHtml(bytes: number): Html {
  return html`<span class="nw">${formatBytes(bytes)}</span>`;
}

/** The pieces of a sentence, each in the tone of what it says. */
export function sentenceHtml(parts: readonly SentencePart[]): Html {
  return html`${parts.map(partHtml)}`;
}

const UNBROKEN_MAX = 24;

/** A short name is not broken at its hyphen; a long one has to be, on a phone. */
export function nameInSentence(name: string): Html {
  return name.length > UNBROKEN_MAX ? html`<b>${name}</b>` : html`<b class="nw">${name}</b>`;
}

function partHtml({ kind, text }: SentencePart): Html {
  switch (kind) {
    case 'text':
      return html`${text}`;
    case 'name':
      return nameInSentence(text);
    case 'lost':
      return text === 'nothing' ? html`<b>${text}</b>` : html`<span class="bad">${text}</span>`;
    case 'out':
      return html`<b class="nw">${text}</b>`;
    case 'unknown':
      return html`<span class="bad dim">${text}</span>`;
  }
}

/** `hv3`, `disk sda of hv3`, `rack A`, `hv3:/srv`, `key k1`, `root key of ann`. */
export function domainWords(domain: FailureDomain): string {
  switch (domain.kind) {
    case 'disk':
      return `disk ${domain.disk} of ${domain.host}`;
    case 'host':
      return domain.host;
    case 'group':
      return `${domain.of} ${domain.name}`;
    case 'volume':
      return `${domain.of} ${domain.name}`;
    case 'directory':
      return `${domain.spared.length > 0 ? 'files in ' : ''}${domain.host}:${utf8Of(domain.path)}`;
    case 'key':
      return `key ${domain.key}`;
    case 'credential':
      return `root key of ${domain.who === '' ? domain.credential : domain.who}`;
  }
}

const PROOF_MARKS: Readonly<Record<Proof['kind'], StandingMark>> = {
  ...{ drilled: 'ok', 're-read': 'ok', 'only seen': 'unknown', stale: 'unknown' },
  ...{ failed: 'failed', none: 'unknown' },
};

export function proofWords({ kind }: Proof): {
  readonly mark: StandingMark;
  readonly words: string;
} {
  const words = kind === 'none' ? 'never drilled' : kind === 'failed' ? 'drill failed' : kind;
  return { mark: PROOF_MARKS[kind], words };
}

/** As part of an address; nothing in it can end an attribute. */
export function urlPart(text: string): Html {
  return { markup: encodeURIComponent(text.toWellFormed()) };
}

/** A sentence that leads has room for so much; what is seen of it stands below, whole. */
export function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}
