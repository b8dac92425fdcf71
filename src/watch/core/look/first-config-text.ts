/** The first holdfast.yaml as text: one line for each thing, with comments for whoever mends it. */
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import type { FirstConfig, GuessedDataSet, GuessedHost, GuessedPoint } from './first-config.ts';

const GUESTS_NAMED_MAX = 4;

export function firstConfigText(config: FirstConfig): string {
  const sections = [headOf(config), ...sectionsOf(config)].filter((lines) => lines.length > 0);
  return `${sections.map((lines) => lines.join('\n')).join('\n')}\n`;
}

/** Lines to take over into a file that is there; below each head those that it lacks. */
export function linesToTakeOver(config: FirstConfig): readonly string[] {
  const { hosts, dataSets, points } = config;
  return [
    ...section('hosts:', hosts.map(hostLine)),
    ...section('datasets:', dataSets.map(dataSetLine)),
    ...section('points:', points.map(pointLine)),
  ];
}

function headOf({ hosts }: FirstConfig): readonly string[] {
  return [
    `# From a look at ${countOf(hosts.length, 'host')}. What a look cannot see is guessed: correct it.`,
    '# holdfast config check, holdfast config diff (against the last look), holdfast exposure --lose',
  ];
}

function sectionsOf(config: FirstConfig): readonly (readonly string[])[] {
  const { hosts, dataSets, services, points, leftOutCount, pointsLeftOutCount } = config;
  const left = countOf(leftOutCount, 'more was', 'more were');
  return [
    section('hosts:', hosts.map(hostLine)),
    domainLines(config),
    section('datasets:  # paths on their hosts; another machine does not back them up', [
      ...dataSets.map(dataSetLine),
      ...(leftOutCount === 0 ? [] : [`# ${left} left out: holdfast config diff`]),
    ]),
    section(
      'services:  # restored together to one moment; guessed from what runs on one host',
      services.map(({ name, dataSets: of }) => `${scalar(name)}: {datasets: ${list(of)}}`),
    ),
    section('points:  # found, and not opened: what they hold is unknown', [
      ...points.map(pointLine),
      ...(pointsLeftOutCount === 0
        ? []
        : [
            `# ${countOf(pointsLeftOutCount, 'more was', 'more were')} left out: holdfast config diff`,
          ]),
    ]),
  ];
}

function section(head: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [head, ...lines.map((line) => `  ${line}`)];
}

function hostLine({ host, address, groups, why }: GuessedHost): string {
  const keys = [
    ...(address === host ? [] : [`address: ${scalar(address)}`]),
    ...(groups.length === 0 ? [] : [`groups: ${list(groups)}`]),
  ];
  const comment = why === undefined ? '' : commented(`did not answer: ${why}`);
  return `${scalar(host)}: {${keys.join(', ')}}${comment}`;
}

/** Nobody sees from outside which machines share a room: the lines are there to be filled in. */
function domainLines({ hosts, hypervisors }: FirstConfig): readonly string[] {
  const names = hosts.map(({ host }) => host);
  const [half, rest] = [names.slice(0, 2), names.slice(2, 4)];
  const example = `site: {a: ${list(half)}${rest.length === 0 ? '' : `, b: ${list(rest)}`}}`;
  const known = [...hypervisors].map(([host, guests]) => `${scalar(host)}: ${list(guests)}`);
  return section(
    known.length === 0 ? '# domains:  # what fails together' : 'domains:  # what fails together',
    [
      `# ${example}  # then: holdfast exposure --lose site:a`,
      `# rack: {r1: ${list(half)}}`,
      ...(known.length === 0 ? [] : [`hypervisor: {${known.join(', ')}}`]),
    ],
  );
}

function dataSetLine({ name, host, paths, bytes, guests }: GuessedDataSet): string {
  const named = guests.slice(0, GUESTS_NAMED_MAX).join(', ');
  const more = guests.length > GUESTS_NAMED_MAX ? ', ...' : '';
  const of = guests.length === 0 ? '' : `; guests ${named}${more}`;
  const keys = `{host: ${scalar(host)}, paths: ${list(paths)}}`;
  return `${scalar(name)}: ${keys}${commented(`${formatBytes(bytes)}${of}`)}`;
}

function pointLine({ name, tool, repository, of, openCommand }: GuessedPoint): string {
  const at = repository === undefined ? '' : `, repository: ${scalar(repository)}`;
  const hosts = of.length === 0 ? '' : `, of: ${list(of)}`;
  const keys = `{tool: ${scalar(tool)}${at}${hosts}}`;
  return `${scalar(name)}: ${keys}${commented(openCommand)}`;
}

function commented(text: string): string {
  return text === '' ? '' : `  # ${sayText(text)}`;
}

function list(words: readonly string[]): string {
  return `[${words.map(scalar).join(', ')}]`;
}

const PLAIN = /^[\p{L}_/][\p{L}\p{N}_./@ -]*(?<! )$/u;
/** Words of YAML that are no text, in its older versions too. */
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** Plain where nobody can mistake it, else in double quotes, in which JSON and YAML agree. */
function scalar(text: string): string {
  if (PLAIN.test(text) && !WORDS.test(text)) return text;
  return JSON.stringify(text).replaceAll(/[^ -~\p{L}\p{N}]/gu, (char) =>
    [...Array(char.length).keys()]
      .map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
