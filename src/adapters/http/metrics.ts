/** All that is watched, for Prometheus. A series never vanishes because nothing is known of it. */
import { Gauge, Registry, type RegistryContentType } from 'prom-client';
import type { EstateNow } from '../../watch/core/server/estate-now.ts';
import { MARKS, type StandingMark } from '../../watch/core/standing/standing.ts';

export interface MetricsText {
  readonly text: string;
  readonly type: string;
}

/** What there is to say of an age that nobody knows: never a number that looks like one. */
const NOT_KNOWN = Number.NaN;

export async function metricsText(
  estate: EstateNow,
  of: { readonly isOpenMetrics: boolean; readonly version: string },
): Promise<MetricsText> {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(
    of.isOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
  );
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name, help, labelNames: [...labelNames], registers });
  gauge('holdfast_info', 'Version of this server.', ['version']).set({ version: of.version }, 1);
  const watching = gauge('holdfast_watching', 'Whether a peer outside sees this server.', ['mark']);
  oneHot(estate.watching.standing.mark, (mark, is) => watching.set({ mark }, is));
  const all = gauge('holdfast_estate_mark', 'The worst of all.', ['mark']);
  oneHot(estate.standing.mark, (mark, is) => all.set({ mark }, is));
  const host = gauge('holdfast_host_mark', 'A host with all its items.', ['host', 'mark']);
  const said = gauge('holdfast_agent_silence_seconds', 'Since the last word of an agent.', [
    'host',
  ]);
  const item = gauge('holdfast_item_mark', 'One item.', ['host', 'item', 'kind', 'mark']);
  const names = ['host', 'item', 'kind'] as const;
  const age = gauge('holdfast_evidence_age_seconds', 'Since it was seen; NaN: not known.', names);
  const left = gauge(
    'holdfast_evidence_expires_seconds',
    'Until it counts no more; NaN: none counts.',
    names,
  );
  for (const each of estate.hosts) {
    oneHot(each.standing.mark, (mark, is) => host.set({ host: each.host, mark }, is));
    said.set({ host: each.host }, secondsOf(each.saidAgoMs));
    for (const one of each.items) {
      const labels = { host: each.host, item: one.item, kind: one.kind };
      oneHot(one.standing.mark, (mark, is) => item.set({ ...labels, mark }, is));
      age.set(labels, secondsOf(one.ageMs));
      left.set(labels, secondsOf(one.expiresInMs));
    }
  }
  return { text: await registry.metrics(), type: registry.contentType };
}

/** Every mark has its series, one of them 1: a query for what failed finds it in any state. */
function oneHot(mark: StandingMark, set: (mark: StandingMark, is: 0 | 1) => void): void {
  for (const each of MARKS) set(each, each === mark ? 1 : 0);
}

function secondsOf(ms: number | undefined): number {
  return ms === undefined ? NOT_KNOWN : ms / 1000;
}
