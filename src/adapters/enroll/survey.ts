/** What a host said of itself before anything is put there or taken away. */
import { Fault } from '../../base/fault.ts';
import { INSTALLED_SIZE_MAX, type Installed, installedSchema } from '../../wire/installed.ts';

export const INSTALLED_LIST = '/var/lib/holdfast/installed.json';

export interface Survey {
  readonly isRoot: boolean;
  readonly kernel: string;
  readonly machine: string;
  /** `glibc 2.36`, or what else it said. */
  readonly libc: string;
  /** Bytes, below /opt and /var/lib; undefined where it was not said. */
  readonly free: number | undefined;
  readonly tools: ReadonlySet<string>;
  readonly isSystemdRunning: boolean;
  readonly users: ReadonlySet<string>;
  readonly there: ReadonlySet<string>;
  /** SHA-256 of the archive that lies unpacked there. */
  readonly unpacked: string | undefined;
  readonly packagedBy: string | undefined;
  readonly isEnrolled: boolean;
  readonly kept: readonly KeptThing[];
  /** Scripts that the kit stands in front of. */
  readonly wrapped: readonly string[];
  /** Files that call Holdfast. */
  readonly callers: readonly string[];
  readonly installed: Installed | undefined;
}

export interface KeptThing {
  readonly kind: 'vault' | 'undo' | 'other';
  /** A path, or of undo how many plans. */
  readonly what: string;
}

const COUNT_MAX = 1000;

/** @throws Fault HF_ENROLL_STEP where it is no answer, HF_ENROLL_LIST */
export function readSurvey(host: string, said: string): Survey {
  const text = Buffer.from(said, 'latin1').toString();
  const begin = text.indexOf('hf begin 0\n');
  const [before = '', list] = text.slice(Math.max(begin, 0)).split(/^hf list\n/m, 2);
  if (begin === -1 || !/^hf end$/m.test(list ?? before)) {
    throw new Fault('HF_ENROLL_STEP', `${host} answers with no survey`, { host });
  }
  const lines = before.split('\n').filter((line) => line.startsWith('hf '));
  const all = (key: string): readonly string[] =>
    lines
      .filter((line) => line.startsWith(`hf ${key} `))
      .map((line) => line.slice(key.length + 4))
      .slice(0, COUNT_MAX);
  const one = (key: string): string => all(key)[0] ?? '';
  return {
    isRoot: one('uid') === '0',
    kernel: one('kernel'),
    machine: one('machine'),
    libc: one('libc'),
    free: leastOf(one('free')),
    tools: new Set(all('tool')),
    isSystemdRunning: one('systemd') === 'running',
    users: new Set(all('user')),
    there: new Set(all('there')),
    unpacked: all('unpacked')[0],
    packagedBy: all('package')[0],
    isEnrolled: one('agent') === 'enrolled',
    kept: all('kept').flatMap(keptThing),
    wrapped: all('wrapped'),
    callers: all('caller'),
    installed: list === undefined ? undefined : readList(host, list.replace(/hf end\n?$/, '')),
  };
}

function keptThing(text: string): readonly KeptThing[] {
  const [, kind, what = ''] = /^(vault|undo|other) (.*)$/.exec(text) ?? [];
  if (kind !== 'vault' && kind !== 'undo' && kind !== 'other') return [];
  return [{ kind, what }];
}

/** Kilobytes, of each file system that was asked. */
function leastOf(text: string): number | undefined {
  const counts = text.split(' ').filter((word) => /^[0-9]{1,15}$/.test(word));
  return counts.length === 0 ? undefined : Math.min(...counts.map(Number)) * 1024;
}

function readList(host: string, text: string): Installed {
  const facts = { host, path: INSTALLED_LIST };
  const invalid = (why: string, cause?: unknown): Fault =>
    new Fault('HF_ENROLL_LIST', `the list of what was installed on ${host} ${why}`, facts, {
      cause,
    });
  if (text.length > INSTALLED_SIZE_MAX) throw invalid('is too large');
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw invalid('is no JSON', cause);
  }
  const parsed = installedSchema.safeParse(raw);
  if (!parsed.success) throw invalid('is not in a form that this Holdfast knows', parsed.error);
  return parsed.data;
}
