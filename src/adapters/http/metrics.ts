/** All that is watched, for Prometheus. A series never vanishes because nothing is known of it. */
import { Gauge, Registry, type RegistryContentType } from 'prom-client';
import type { EstateNow, HostNow, ItemNow } from '../../watch/core/server/estate-now.ts';
import { MARKS, type StandingMark } from '../../watch/core/standing/standing.ts';

export interface MetricsText {
  /** In pieces: of a thousand hosts it is tens of megabytes. */
  readonly parts: Iterable<string>;
  readonly type: string;
}

const END = '# EOF\n';

export async function metricsText(
  estate: EstateNow,
  of: { readonly isOpenMetrics: boolean; readonly version: string },
): Promise<MetricsText> {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(
    of.isOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
  );
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, label: L) =>
    new Gauge<L>({ name, help, labelNames: [label], registers });
  gauge('holdfast_info', 'Version of this server.', 'version').set({ version: of.version }, 1);
  const watching = gauge('holdfast_watching', 'Whether a peer outside sees this server.', 'mark');
  const all = gauge('holdfast_estate_mark', 'The worst of all.', 'mark');
  for (const mark of MARKS) {
    watching.set({ mark }, isIt(mark, estate.watching.standing.mark));
    all.set({ mark }, isIt(mark, estate.standing.mark));
  }
  const own = (await registry.metrics()).replace(END, '').trimEnd();
  const parts = partsOf(estate, { own, end: of.isOpenMetrics ? END : '' });
  return { parts, type: registry.contentType };
}

function* partsOf(
  estate: EstateNow,
  { own, end }: { readonly own: string; readonly end: string },
): Generator<string> {
  yield `${own}\n`;
  for (const { name, help, linesOf } of FAMILIES) {
    const lines = new Lines(name);
    lines.text = `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
    for (const host of estate.hosts) {
      linesOf(host, lines);
      if (lines.text.length < PART_LENGTH) continue;
      yield lines.text;
      lines.text = '';
    }
    yield lines.text;
  }
  if (end !== '') yield end;
}

const PART_LENGTH = 65_536;

/** Lines of one family. They are a quarter of a million: of each nothing is made but its text. */
class Lines {
  text = '';
  readonly #head: string;

  constructor(name: string) {
    this.#head = `${name}{`;
  }

  put(labels: string, value: number): void {
    this.text += this.#head;
    this.text += labels;
    this.text += `} ${value}\n`;
  }

  /** Every mark has its series, one of them 1: a query for what failed finds it in any state. */
  putMarks(labels: string, is: StandingMark): void {
    for (const [mark, ends] of MARK_ENDS) {
      this.text += this.#head;
      this.text += labels;
      this.text += ends[isIt(mark, is)];
    }
  }
}

const MARK_ENDS = MARKS.map((mark) => {
  const ends = [`,mark="${mark}"} 0\n`, `,mark="${mark}"} 1\n`] as const;
  return [mark, ends] as const;
});

interface Family {
  readonly name: string;
  readonly help: string;
  readonly linesOf: (host: HostNow, lines: Lines) => void;
}

/** Four series of each item and two more: the library takes seconds for what many hosts have. */
const FAMILIES: readonly Family[] = [
  {
    name: 'holdfast_host_mark',
    help: 'A host with all its items.',
    linesOf: (host, lines) => lines.putMarks(labelsOf(host), host.standing.mark),
  },
  {
    name: 'holdfast_agent_silence_seconds',
    help: 'Since the last word of an agent.',
    linesOf: (host, lines) => lines.put(labelsOf(host), secondsOf(host.saidAgoMs)),
  },
  {
    name: 'holdfast_item_mark',
    help: 'One item.',
    linesOf: ({ items }, lines) => {
      for (const item of items) lines.putMarks(labelsIn(item), item.standing.mark);
    },
  },
  {
    name: 'holdfast_evidence_age_seconds',
    help: 'Since it was seen; NaN: not known.',
    linesOf: ({ items }, lines) => {
      for (const item of items) lines.put(labelsIn(item), secondsOf(item.ageMs));
    },
  },
  {
    name: 'holdfast_evidence_expires_seconds',
    help: 'Until it counts no more; NaN: nothing counts.',
    linesOf: ({ items }, lines) => {
      for (const item of items) lines.put(labelsIn(item), secondsOf(item.expiresInMs));
    },
  },
];

function labelsOf({ host }: Pick<HostNow, 'host'>): string {
  return `host="${escaped(host)}"`;
}

function labelsIn(item: ItemNow): string {
  return `${labelsOf(item)},item="${escaped(item.item)}",kind="${escaped(item.kind)}"`;
}

function isIt(mark: StandingMark, is: StandingMark): 0 | 1 {
  return mark === is ? 1 : 0;
}

/** What nobody knows is never a number that looks like an age. */
function secondsOf(ms: number | undefined): number {
  return ms === undefined ? Number.NaN : ms / 1000;
}

function escaped(text: string): string {
  if (!/[\\"\n]/.test(text)) return text;
  return text.replaceAll(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}
