/** `holdfast connect`: opens a backup that the team has, read-only, by its own tool. */
import type { Command } from 'commander';
import { randomInt } from 'node:crypto';
import { Fault } from '../../base/fault.ts';
import { type DurationMs, MIB, minutes } from '../../base/units.ts';
import type { ConnectedRepository } from '../../watch/core/connected.ts';
import { sameRepository } from '../../watch/core/repository-address.ts';
import { connectOne } from '../connect/connect.ts';
import type { ConnectAsked, SampleAsked } from '../connect/connect-parts.ts';
import { connectJson, listJson, refreshJson } from '../connect/connect-json.ts';
import { connectedList, refreshWords } from '../connect/connect-list.ts';
import { connectWords, hasFailed, hasGaps } from '../connect/connect-words.ts';
import { connecting, knownRepositories } from '../connect/connecting.ts';
import { type Refreshed, refreshOne } from '../connect/refresh.ts';
import { repositoryNamed } from '../connect/repository-named.ts';
import { namedSource } from '../connect/repository-secret.ts';
import { stepBack } from '../step-back.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { readSettings, type Settings } from './settings.ts';
import { parseFloor } from './sizes.ts';
import { parseTimeLimit } from './time-limit.ts';

interface Options {
  readonly passwordFile?: string;
  readonly passwordCommand?: string;
  readonly drill?: boolean;
  readonly sample?: string;
  readonly seed?: string;
  readonly limit?: string;
  readonly refresh?: true;
  readonly forget?: string;
  readonly config?: string;
}

const SAMPLE_BYTES = 64 * MIB;
const LIMIT: DurationMs = minutes(15);
const SEED_MAX = 2 ** 31;

const EXAMPLE = `
The repository is read by its own tool, and nothing in it is changed. Where its
password is kept is remembered, the password never. A sample of files is
restored to scratch, compared with what lies here, and thrown away.

Examples:
  holdfast connect restic /srv/restic --password-file /root/restic.pw
  holdfast connect borg ssh://backup@nas/./web1
  holdfast connect pgbackrest /etc/pgbackrest/pgbackrest.conf
  holdfast connect
  holdfast connect --refresh`;

export function define(command: Command, act: Act): void {
  command
    .summary('open a backup that was found, read-only, by its own tool')
    .description(
      'Opens a repository of restic, borg or pgBackRest, read-only, by the tool itself: what it holds of this machine, and whether a sample of it comes back. Without arguments: those that are connected.',
    )
    .argument('[tool]', 'restic, borg or pgbackrest')
    .argument('[repository]', 'as the tool is given it; else as its environment says')
    .option('--password-file <file>', 'its first line opens the repository')
    .option('--password-command <command>', 'what it prints opens the repository; no shell runs it')
    .option('--drill', 'with --refresh: restore a sample again')
    .option('--no-drill', 'restore nothing')
    .option('--sample <size>', 'how much is restored, or all; else 64MiB')
    .option('--seed <number>', 'of the sample; the same one gives the same files')
    .option('--limit <time>', 'how long one step of the tool may take; else 15m')
    .option('--refresh', 'look again into all that are connected')
    .option('--forget <repository>', 'drop it from what is known here; nothing is done to it')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [tool, repository, options]: [string | undefined, string | undefined, Options]) =>
        perform(cli, { tool, repository }, options),
      ),
    );
}

async function perform(
  cli: Cli,
  given: { readonly tool: string | undefined; readonly repository: string | undefined },
  options: Options,
): Promise<Answer> {
  const settings = await readSettings(
    cli,
    options.config === undefined ? {} : { config: options.config },
  );
  const { tool } = given;
  if (options.forget !== undefined) return forget(settings, options.forget);
  if (options.refresh === true) return refresh(cli, settings, options);
  if (tool === undefined) return list(cli, settings);
  const named = repositoryNamed(cli, tool, given.repository);
  const source = namedSource(cli, named.tool, options);
  const sample = options.drill === false ? undefined : sampleOf(options);
  await stepBack();
  return connecting({ cli, settings, limit: limitOf(options) }, async (parts) => {
    const known = await parts.ledger.connected();
    const before = known.find(
      (each) => each.tool === named.tool && sameRepository(each.repository, named.shown),
    );
    const asked: ConnectAsked = { named, source, before, sample, seed: seedOf(options) };
    const result = await connectOne(parts, asked);
    const { discovery } = parts;
    const now = cli.clock.now();
    return {
      code: hasFailed(result) ? EXIT.error : hasGaps(result) ? EXIT.gaps : EXIT.done,
      say: (style) => connectWords(result, { style, now, discovery }),
      json: connectJson(result),
    };
  });
}

async function list(cli: Cli, settings: Settings): Promise<Answer> {
  const { repositories, evidence } = await knownRepositories(settings.state.value);
  const now = cli.clock.now();
  return {
    code: EXIT.done,
    say: (style) => connectedList({ repositories, evidence, now }, style),
    json: listJson({ repositories, evidence, now }),
  };
}

async function refresh(cli: Cli, settings: Settings, options: Options): Promise<Answer> {
  const { repositories } = await knownRepositories(settings.state.value);
  if (repositories.length === 0) {
    return {
      code: EXIT.done,
      say: () => ['No repository is connected.'],
      json: { repositories: [] },
    };
  }
  await stepBack();
  return connecting({ cli, settings, limit: limitOf(options) }, async (parts) => {
    const seed = seedOf(options);
    const sample = options.drill === true ? sampleOf(options) : undefined;
    const done: Refreshed[] = [];
    for (const each of repositories) done.push(await refreshOne(parts, each, { sample, seed }));
    const { discovery } = parts;
    const now = cli.clock.now();
    const isBad = done.some((each) => each.kind === 'trouble' || hasFailed(each.result));
    return {
      code: isBad ? EXIT.error : EXIT.done,
      say: (style) => refreshWords(done, { style, now, discovery }),
      json: refreshJson(done),
    };
  });
}

async function forget(settings: Settings, given: string): Promise<Answer> {
  const { repositories, forgetAll } = await knownRepositories(settings.state.value);
  const isMeant = ({ repository }: ConnectedRepository): boolean =>
    repository === given || sameRepository(repository, given);
  const meant = repositories.filter(isMeant);
  if (meant.length === 0) {
    const message = `no connected repository is called ${given}`;
    throw new Fault('HF_CONNECT_UNKNOWN', message, { repository: given });
  }
  await forgetAll(meant);
  return {
    code: EXIT.done,
    say: () =>
      meant.map(
        ({ tool, repository }) =>
          `${tool} ${repository} is no longer known here; nothing was done to it.`,
      ),
    json: { forgotten: meant.map(({ tool, repository }) => ({ tool, repository })) },
  };
}

/** @throws Fault HF_USAGE */
function sampleOf({ sample }: Options): SampleAsked {
  if (sample === undefined) return { bytesMax: SAMPLE_BYTES };
  if (sample === 'all' || sample === '100%') return { bytesMax: undefined };
  const size = parseFloor(sample, 'connect');
  if ('bytes' in size) return { bytesMax: size.bytes };
  throw new Fault('HF_USAGE', '--sample takes a size, such as 64MiB, or all', {
    command: 'connect',
  });
}

function seedOf({ seed }: Options): number {
  if (seed === undefined) return randomInt(SEED_MAX);
  if (/^\d{1,10}$/.test(seed) && Number(seed) < 2 ** 32) return Number(seed);
  throw new Fault('HF_USAGE', '--seed takes a whole number below 2^32', { command: 'connect' });
}

function limitOf({ limit }: Options): DurationMs {
  return limit === undefined ? LIMIT : parseTimeLimit(limit, 'connect');
}
