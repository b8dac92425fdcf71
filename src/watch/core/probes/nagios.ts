import type { Detail } from '../agent/messages.ts';
import { type Found, found, quoted } from './found.ts';

/**
 * What a monitoring plugin answered: 0 is OK, 1 a warning, 2 critical, 3 unknown; anything else (it
 * was not found, crashed, was ended) is no answer.
 * Source: Monitoring Plugins Development Guidelines, "Plugin Return Codes", "Performance data".
 */
export function judgePlugin(status: number, stdout: string): Found {
  const { text, perfdata } = outputIn(stdout);
  const said = quoted(text, 400);
  const detail = detailOf(perfdata, status);
  const why = said === '' ? `it ended with ${status} and said nothing` : said;
  switch (status) {
    case 0:
      return found('healthy', why, detail);
    case 1:
      return found('impaired', why, detail);
    case 2:
      return found('broken', why, detail);
    case 3:
      return found('unreadable', why, detail);
    case 126:
      return found('unreadable', 'the plugin may not be run (126)', detail);
    case 127:
      return found('unreadable', 'the plugin, or what it calls, is not there (127)', detail);
    default: {
      const signal = status > 128 && status < 160 ? `, as by signal ${status - 128}` : '';
      const what = said === '' ? '' : `: ${said}`;
      return found('unreadable', `the plugin ended with ${status}${signal}${what}`, detail);
    }
  }
}

/** First line before the bar is for people; what is behind a bar is measured. */
function outputIn(stdout: string): { readonly text: string; readonly perfdata: string } {
  const [first = '', ...rest] = stdout.split('\n');
  const [text = '', behind = ''] = cutAt(first, '|');
  const later = rest.join('\n');
  const more = later.includes('|') ? later.slice(later.indexOf('|') + 1) : '';
  return { text, perfdata: `${behind} ${more.replaceAll('\n', ' ')}` };
}

function cutAt(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

export interface Measured {
  readonly label: string;
  readonly value: number;
  readonly unit: string;
}

const PERFDATA_MAX = 64;
const PERFDATA_CHARS_MAX = 16_384;

/** `'label with spaces'=12.5ms;warn;crit;min;max`; what is not of this form is left out. */
export function perfdataIn(text: string): readonly Measured[] {
  const parts = text
    .slice(0, PERFDATA_CHARS_MAX)
    .matchAll(
      /(?:'((?:[^']|'')+)'|([^\s='|;]+))=(-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)([%A-Za-zµ]{0,8})(?:;[^\s]*)?(?=\s|$)/g,
    );
  const measured: Measured[] = [];
  for (const [, inQuotes, plain = '', number = '', unit = ''] of parts) {
    const value = Number(number.replace(',', '.'));
    const label = inQuotes?.replaceAll("''", "'") ?? plain;
    if (Number.isFinite(value)) measured.push({ label, value, unit });
    if (measured.length >= PERFDATA_MAX) break;
  }
  return measured;
}

const FIGURES_MAX = 14;

/** As texts, since the wire has whole numbers only, and 0.35 is not 0. */
function detailOf(perfdata: string, status: number): Detail {
  const figures = perfdataIn(perfdata)
    .slice(0, FIGURES_MAX)
    .map(({ label, value, unit }) => [quoted(label, 60), `${value}${unit}`] as const);
  return { ...Object.fromEntries(figures), status };
}
