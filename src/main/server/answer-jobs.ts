/** Jobs and schedules of a server on the terminal: asked of its API, with a token of a person. */
import fs from 'node:fs';
import type { z } from 'zod';
import { askApi } from '../../adapters/http/pinned-api.ts';
import { parseServerAddress } from '../../adapters/agent-link/enrolment.ts';
import { Fault } from '../../base/fault.ts';
import { parseIsoTime } from '../../base/iso-time.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatDuration, formatInstant } from '../../base/say-time.ts';
import { jobShown } from '../../wire/api/parts.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import type { JobsOptions } from '../cli/server-options.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { textOfBytes } from '../cli/places.ts';
import { fullPath } from '../cli/settings.ts';
import { pinHere, serverPlace } from './server-place.ts';

type Job = z.output<typeof jobShown>;
type ServerAt = Parameters<typeof askApi>[0]['place'];

const TOKEN_SIZE_MAX = 1024;
const OPEN: ReadonlySet<Job['state']> = new Set(['asked', 'taken', 'running']);
const PATH_OF: Readonly<Record<string, string>> = {
  ...{ backup: '/v1/jobs', drill: '/v1/jobs', scrub: '/v1/jobs', probe: '/v1/jobs' },
  restore: '/v1/restores',
};
const COLUMNS = [
  { header: 'HOST', shrink: 'ends', widthMin: 8 },
  { header: 'JOB', shrink: 'ends', widthMin: 12 },
  { header: 'STATE' },
  { header: 'ASKED' },
  { header: 'BY', shrink: 'start', widthMin: 8 },
  { header: 'SAYS', shrink: 'start', widthMin: 12 },
] as const;
const SCHEDULE_COLUMNS = [
  { header: 'SCHEDULE', shrink: 'ends', widthMin: 8 },
  { header: 'HOST', shrink: 'ends', widthMin: 8 },
  { header: 'JOB', shrink: 'ends', widthMin: 8 },
  { header: 'IS' },
  { header: 'EVERY' },
  { header: 'NEXT' },
] as const;

/** @throws Fault HF_SERVER_AWAY, HF_SERVER_REFUSED, HF_USAGE */
export async function answerJobs(
  cli: Cli,
  { host, options }: { readonly host: string | undefined; readonly options: JobsOptions },
): Promise<Answer> {
  const query = host === undefined ? '' : `?host=${encodeURIComponent(host)}`;
  const said = await ask(cli, options, { method: 'GET', path: `/v1/jobs${query}` });
  const { jobs } = understood(ROUTES.jobs.answer, said);
  // By its id one that is open can be ended.
  const open = belowTable(
    jobs
      .filter(({ state }) => OPEN.has(state))
      .map(
        ({ job, host: at, act, name, why }) =>
          `${job} ${sayText(`${at} ${act} ${name}`)}${why === '' ? '' : `: ${sayText(why)}`}`,
      ),
  );
  const say = (style: Style): readonly string[] =>
    jobs.length === 0
      ? ['No job was asked for.']
      : [...layoutTable(style, COLUMNS, jobs.map(rowOf(cli))), ...open];
  return { code: EXIT.done, say, json: { jobs } };
}

/** @throws Fault HF_SERVER_AWAY, HF_SERVER_REFUSED, HF_USAGE */
export async function answerSchedules(cli: Cli, options: JobsOptions): Promise<Answer> {
  const said = await ask(cli, options, { method: 'GET', path: '/v1/schedules' });
  const { schedules } = understood(ROUTES.schedules.answer, said);
  const now = cli.clock.now();
  const rows = schedules.map((each) => {
    const next = parseIsoTime(each.nextAt);
    return [
      { text: sayText(each.name) },
      { text: sayText(each.host) },
      { text: sayText(`${each.act} ${each.job}`) },
      { text: each.mark },
      { text: formatDuration(each.everyMs) },
      { text: next === undefined ? '' : formatInstant(next, now) },
    ];
  });
  const notOk = belowTable(
    schedules
      .filter(({ mark }) => mark !== 'ok')
      .map(({ name, mark, why }) => `${sayText(name)} is ${mark}: ${sayText(why)}`),
  );
  const none = 'Nothing is asked again and again: `server: {schedules: ...}` in holdfast.yaml.';
  const say = (style: Style): readonly string[] =>
    rows.length === 0 ? [none] : [...layoutTable(style, SCHEDULE_COLUMNS, rows), ...notOk];
  return { code: EXIT.done, say, json: { schedules } };
}

/** @throws Fault HF_SERVER_AWAY, HF_SERVER_REFUSED, HF_USAGE */
export async function answerAskJob(
  cli: Cli,
  of: {
    readonly host: string;
    readonly act: string;
    readonly name: string;
    readonly options: JobsOptions;
  },
): Promise<Answer> {
  const { host, act, name, options } = of;
  const path = Object.hasOwn(PATH_OF, act) ? PATH_OF[act] : undefined;
  if (path === undefined) {
    const message = `a job is a backup, drill, scrub, probe or restore, not ${sayText(act)}`;
    throw new Fault('HF_USAGE', message, { command: 'server job' });
  }
  const body = { host, name, ...(path === '/v1/jobs' ? { act } : {}) };
  const job = understood(jobShown, await ask(cli, options, { method: 'POST', path, body }));
  const text = `${sayText(host)} is asked for ${act} ${sayText(name)}: job ${job.job}.`;
  const say = [text, `How far it is: holdfast server jobs ${sayText(host)}`];
  return { code: EXIT.done, say: () => say, json: job };
}

/** @throws Fault HF_SERVER_AWAY, HF_SERVER_REFUSED, HF_USAGE */
export async function answerCancel(
  cli: Cli,
  { job, options }: { readonly job: string; readonly options: JobsOptions },
): Promise<Answer> {
  if (!/^[0-9a-f]{32}$/.test(job)) {
    const message = `${sayText(job)} is no id of a job: holdfast server jobs`;
    throw new Fault('HF_USAGE', message, { command: 'server cancel' });
  }
  const said = await ask(cli, options, {
    method: 'POST',
    path: `/v1/jobs/${job}/cancel`,
    body: {},
  });
  const { host, act, name } = understood(jobShown, said);
  const say = [`${sayText(host)} is told to end ${act} ${sayText(name)}; what it came to it says.`];
  return { code: EXIT.done, say: () => say, json: understood(jobShown, said) };
}

function belowTable(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function rowOf(cli: Cli) {
  return (job: Job) => {
    const asked = parseIsoTime(job.askedAt);
    const share =
      job.share === null || job.state !== 'running' ? '' : ` ${Math.floor(job.share / 10)} %`;
    return [
      { text: sayText(job.host) },
      { text: sayText(`${job.act} ${job.name}`) },
      { text: `${job.state}${share}` },
      { text: asked === undefined ? '' : formatInstant(asked, cli.clock.now()) },
      { text: sayText(job.by) },
      { text: sayText(job.why) },
    ];
  };
}

async function ask(
  cli: Cli,
  options: JobsOptions,
  what: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: object },
): Promise<unknown> {
  // First: the place makes this process its owner, and the token may be the asker's alone.
  const token = tokenOf(cli, options);
  return askApi({ ...what, place: await placeOf(cli, options), token });
}

/** `HOLDFAST_SERVER=https://HOST:PORT#PIN`, else the one of this machine, by the key that it has. */
async function placeOf(cli: Cli, options: JobsOptions): Promise<ServerAt> {
  const named = cli.env.HOLDFAST_SERVER ?? '';
  if (named !== '') return parseServerAddress(named);
  const { directory, listen } = await serverPlace(cli, options);
  const host = listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host === '::' ? '::1' : listen.host;
  const pin = Buffer.from(await pinHere(directory), 'base64url').toString('hex');
  return { host, port: listen.port, pin };
}

function tokenOf(cli: Cli, { tokenFile = cli.env.HOLDFAST_TOKEN_FILE ?? '' }: JobsOptions): string {
  const command = 'server jobs';
  if (tokenFile === '') {
    const message = 'say who asks: --token-file FILE, with what `holdfast server access` printed';
    throw new Fault('HF_USAGE', message, { command });
  }
  try {
    const text = fs.readFileSync(textOfBytes(fullPath(cli, tokenFile)), 'utf8').trim();
    if (text !== '' && text.length <= TOKEN_SIZE_MAX && /^[\x21-\x7e]+$/.test(text)) return text;
  } catch (cause) {
    const message = `${sayText(tokenFile)} cannot be read`;
    throw new Fault('HF_USAGE', message, { command }, { cause });
  }
  throw new Fault('HF_USAGE', `${sayText(tokenFile)} holds no token`, { command });
}

function understood<T>(schema: z.ZodType<T>, said: unknown): T {
  const parsed = schema.safeParse(said);
  if (parsed.success) return parsed.data;
  const message = 'the server answered what no server of this version does';
  throw new Fault('HF_SERVER_AWAY', message, { server: 'it' }, { cause: parsed.error });
}
