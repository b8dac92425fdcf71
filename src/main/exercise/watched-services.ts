/** What an exercise asks: `wiki=https://wiki.example.org/`, `mail=tcp:mail:25`, and holdfast.yaml. */
import { configuredProbe } from '../../adapters/probes/configured-probe.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { exerciseProbe, type ExerciseProbe } from '../../wire/exercise-config.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { Config } from '../../wire/config.ts';

export interface Watched {
  readonly service: string;
  readonly limitMs: number;
  /** For people: what is asked. */
  readonly asked: string;
  readonly probe: Pick<Probe, 'look'>;
}

/** What takes longer to answer is out to whoever waits for it. */
const LOOK_LIMIT_MS = 2000;

/** @throws Fault HF_USAGE */
export function watchedServices(
  given: readonly string[],
  config: Config['exercise'],
): readonly Watched[] {
  const configs = new Map<string, ExerciseProbe>(Object.entries(config?.watch ?? {}));
  for (const text of given) {
    const [, service = '', asked = ''] = /^([^=\0]{1,256})=(.+)$/s.exec(text) ?? [];
    const read = exerciseProbe.safeParse(probeOf(asked));
    if (service === '' || !read.success) {
      // What stands behind it may hold a password.
      const message = `--watch ${sayText(service)}=... takes SERVICE=URL or SERVICE=tcp:HOST:PORT`;
      throw new Fault('HF_USAGE', message, { command: 'exercise start' });
    }
    configs.set(service, read.data);
  }
  if (configs.size === 0) {
    const message =
      'nothing is watched: say --watch SERVICE=URL, or `exercise: watch:` in holdfast.yaml';
    throw new Fault('HF_USAGE', message, { command: 'exercise start' });
  }
  return [...configs].map(([service, asked]) => {
    const limitMs = limitOf(asked);
    const probe = configuredProbe('exercise', { ...asked, limit: limitMs });
    if (probe === undefined) {
      const message = `${sayText(service)} cannot be asked: it is a ${asked.kind}`;
      throw new Fault('HF_USAGE', message, { command: 'exercise start' });
    }
    return { service, limitMs, asked: shownOf(asked), probe };
  });
}

function limitOf({ limit }: ExerciseProbe): number {
  return limit ?? LOOK_LIMIT_MS;
}

const TCP = /^tcp:(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/;

function probeOf(asked: string): object {
  const [, bracketed, plain, port] = TCP.exec(asked) ?? [];
  if (port === undefined) return { kind: 'http', url: asked };
  return { kind: 'tcp', host: bracketed ?? plain, port: Number(port) };
}

function shownOf(config: ExerciseProbe): string {
  switch (config.kind) {
    case 'http':
      return config.url;
    case 'tcp':
      return `tcp:${config.host}:${config.port}`;
    case 'dns':
      return `dns:${config.name}`;
  }
}
