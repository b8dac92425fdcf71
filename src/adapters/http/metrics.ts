/** All that is watched, for Prometheus. A series never vanishes because nothing is known of it. */
import { Gauge, Registry, type RegistryContentType } from 'prom-client';
import type { EstateNow } from '../../watch/core/server/estate-now.ts';
import { MARKS, type StandingMark } from '../../watch/core/standing/standing.ts';

export interface MetricsText {
  readonly text: string;
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
  const text = `${own}\n${seriesOf(estate)}${of.isOpenMetrics ? END : ''}`;
  return { text, type: registry.contentType };
}

/** Four series of each item and two more: the library takes seconds for what many hosts have. */
function seriesOf({ hosts }: EstateNow): string {
  const host = new Family('holdfast_host_mark', 'A host with all its items.');
  const silence = new Family('holdfast_agent_silence_seconds', 'Since the last word of an agent.');
  const item = new Family('holdfast_item_mark', 'One item.');
  const age = new Family('holdfast_evidence_age_seconds', 'Since it was seen; NaN: not known.');
  const left = new Family(
    'holdfast_evidence_expires_seconds',
    'Until it counts no more; NaN: nothing counts.',
  );
  for (const each of hosts) {
    const its = `host="${escaped(each.host)}"`;
    for (const mark of MARKS) host.add(`${its},mark="${mark}"`, isIt(mark, each.standing.mark));
    silence.add(its, secondsOf(each.saidAgoMs));
    for (const one of each.items) {
      const labels = `${its},item="${escaped(one.item)}",kind="${escaped(one.kind)}"`;
      for (const mark of MARKS) item.add(`${labels},mark="${mark}"`, isIt(mark, one.standing.mark));
      age.add(labels, secondsOf(one.ageMs));
      left.add(labels, secondsOf(one.expiresInMs));
    }
  }
  return [host, silence, item, age, left].map((family) => family.text).join('');
}

class Family {
  readonly #name: string;
  text: string;

  constructor(name: string, help: string) {
    this.#name = name;
    this.text = `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
  }

  add(labels: string, value: number): void {
    this.text += `${this.#name}{${labels}} ${value}\n`;
  }
}

/** Every mark has its series, one of them 1: a query for what failed finds it in any state. */
function isIt(mark: StandingMark, is: StandingMark): 0 | 1 {
  return mark === is ? 1 : 0;
}

/** What nobody knows is never a number that looks like an age. */
function secondsOf(ms: number | undefined): number {
  return ms === undefined ? Number.NaN : ms / 1000;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}
