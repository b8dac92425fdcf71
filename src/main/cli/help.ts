import { inCharset, paint, type Style } from '../../base/say.ts';
import { padTo } from '../../base/say-width.ts';
import { DOORS, VERBS, type Verb } from './verbs.ts';

const HEAD = `Holdfast tells you what you would lose if a disk, a server or an admin key
died right now, how long you would be down, and what proves it.`;

/** The verbs by door: a dozen, or all of them. */
export function helpText(style: Style, options: { readonly all: boolean }): string {
  const groups = DOORS.map((door) => ({
    door,
    rows: VERBS.filter((verb) => verb.door === door).flatMap((verb) => rowsOf(verb, options.all)),
  }));
  const width = Math.max(...groups.flatMap(({ rows }) => rows.map(([name]) => name.length)));
  const blocks = groups
    .filter(({ rows }) => rows.length > 0)
    .map(({ door, rows }) =>
      [
        paint(style, 'strong', door),
        ...rows.map(([name, summary]) => `  ${padTo(name, width)}  ${summary}`),
      ].join('\n'),
    );
  const more = options.all
    ? 'holdfast VERB --help   a verb, its options and an example'
    : 'holdfast VERB --help   a verb, its options and an example\nholdfast help --all    every verb';
  const usage = `Usage: holdfast VERB [ARGUMENT...] [OPTION...]`;
  return `${inCharset(style, [HEAD, usage, ...blocks, more].join('\n\n'))}\n`;
}

function rowsOf(verb: Verb, all: boolean): readonly (readonly [string, string])[] {
  const { name, summary, isCommon, isInternal, parts } = verb;
  if (isInternal === true) return [];
  if (parts === undefined) return all || isCommon ? [[name, summary]] : [];
  const own: readonly (readonly [string, string])[] =
    verb.runsItself === true && (all || isCommon) ? [[name, summary]] : [];
  const ofParts = parts
    .filter((part) => all || part.isCommon)
    .map((part) => [`${name} ${part.name}`, part.summary] as const);
  return [...own, ...ofParts];
}
