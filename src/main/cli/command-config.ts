/** `holdfast config`: what holds, and why. */
import type { Command } from 'commander';
import type { Style } from '../../base/say.ts';
import type { UnixMs } from '../../base/units.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatDuration } from '../../base/say-time.ts';
import { PROOF_LIMITS } from '../../watch/core/proof.ts';
import { type Config, hostOfDataSet } from '../../wire/config.ts';
import { dataSetsElsewhere } from '../estate/data-sets-here.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { guardRows } from '../guard/guard-rows.ts';
import { serverRows, tellRows } from '../tell/tell-rows.ts';
import { EXIT } from './exit-code.ts';
import { textOfBytes } from './places.ts';
import { copiesGiven } from '../up/copies/copies-given.ts';
import { nameOfPlace } from '../vault-place.ts';
import { readSettings, type Settings, type VaultOptions } from './settings.ts';

const KEYS = `
Keys of holdfast.yaml:
  vault, key-file, passphrase-file, state   paths, relative to the file
  min-free                                  20GiB or 10%
  read-within                               30d: all of the vault is to be read
                                            again within it
  copies                                    a list of to, every (1h) and from:
                                            where up copies the vault to
  pages                                     copy: a place off the estate
                                            for the page, and keep: how many
  prices                                    currency, and gib-month: of a GiB
  exercise                                  watch: names of services, and how
                                            each is asked
  datasets                                  names, and below each: paths,
                                            exclude, exclude-from,
                                            one-file-system, exclude-caches,
                                            exclude-nobackup; before, thaw,
                                            failed, after, hook-limit; capture
                                            with the keys of its word;
                                            owners, may-lose, back-within
  services                                  names, and below each: datasets,
                                            moment, check, tier, depends-on,
                                            owners, runbook, may-lose,
                                            back-within
  hosts, domains, points                    other machines, what fails together,
                                            backups that a team has
  guard                                     what is asked before anything is
                                            taken away: mode, limits, rules,
                                            approvals, keep, classes, pipelines,
                                            trees, rollout
  tell                                      who is told, by what, how soon: url,
                                            delay, group, remind, channels
  server                                    what agents report to: listen, url,
                                            peers, mesh, schedules
With examples: docs/operating/copies.md, frozen.md, look.md, guard.md,
alerts.md, server.md, schedules.md, cost.md, exercise.md

Example of a file:
  vault: /srv/vault
  datasets:
    wiki:
      paths: [/srv/wiki, /etc/wiki]
      exclude: ['*.tmp', 'cache/']
      capture: btrfs
    wiki-db:
      capture: pg_dump
      database: wiki
  services:
    all-of-wiki: {datasets: [wiki-db, wiki], check: [/srv/check-wiki]}`;

const DIFF_EXAMPLE = `
Hosts, data sets and backups, by the last \`holdfast look\`. What that look could
not see is said apart. Lines for what is not declared are printed as they would
stand in the file; nothing is written.

Example:
  holdfast config diff`;

interface DiffOptions extends VaultOptions {
  readonly exitCode?: true;
}

const IMPORT_EXAMPLE = `
What it would add is printed as it would stand in the file. A host that is
declared with another address is named and left as it is. Contacts are shown.

Examples:
  holdfast config import inventory.ini
  holdfast config import /etc/icinga2/conf.d/hosts.conf --write`;

interface ImportOptions extends VaultOptions {
  readonly write?: true;
}

export function define(command: Command, act: Act): void {
  command
    .summary('the configuration file')
    .description('The configuration file, holdfast.yaml.')
    .addHelpText('after', '\nExample:\n  holdfast config check');
  const check = command
    .command('check')
    .description('Whether it can be read; what is wrong, with its line and what to write.')
    .addHelpText('after', `${KEYS}\n\nExample:\n  holdfast config check`)
    .action(act((cli, [options]: [VaultOptions]) => checkOne(cli, options)));
  const show = command
    .command('show')
    .description('What holds, and where each value comes from.')
    .addHelpText('after', '\nExample:\n  holdfast config show')
    .action(act((cli, [options]: [VaultOptions]) => showAll(cli, options)));
  const diff = command
    .command('diff')
    .description('What the file says and the last look did not see, and the other way round.')
    .option('--exit-code', 'end with 5 where they differ')
    .addHelpText('after', DIFF_EXAMPLE)
    .action(act((cli, [options]: [DiffOptions]) => diffLook(cli, options)));
  const take = command
    .command('import')
    .description('Hosts and contacts of Ansible, Prometheus or Icinga against the file.')
    .argument('<file>', 'an inventory, a file of targets or prometheus.yml, Icinga 2 objects')
    .option('--write', 'add the hosts that are not declared; nothing else is changed')
    .addHelpText('after', IMPORT_EXAMPLE)
    .action(
      act(async (cli, [file, options]: [string, ImportOptions]) => {
        const { answerConfigImport } = await import('../look/answer-config-import.ts');
        const settings = await readSettings(cli, options);
        return answerConfigImport(cli, settings, { file, write: options.write ?? false });
      }),
    );
  for (const part of [check, show, diff, take]) part.option('--config <file>', 'the file');
}

async function checkOne(cli: Cli, options: VaultOptions): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const { configFile, config } = settings;
  copiesGiven(settings);
  const count = Object.keys(config.datasets ?? {}).length;
  const elsewhere = dataSetsElsewhere(config).length;
  const others = elsewhere === 0 ? '' : `, ${formatCount(elsewhere)} of them on other hosts`;
  const { teamRules } = await import('../guard/guard-session.ts');
  const rules = (await teamRules(settings)).length;
  const ofGuard = rules === 0 ? '' : `, ${countOf(rules, 'rule')} of the guard`;
  const say = (style: Style): readonly string[] =>
    configFile === undefined
      ? ['There is no holdfast.yaml here and none in /etc/holdfast; nothing needs one.']
      : [
          `${sayText(configFile, style)} is right: ${countOf(count, 'data set')}${others}${ofGuard}.`,
        ];
  return {
    code: EXIT.done,
    say,
    json: { file: configFile ?? null, dataSets: count, elsewhere, rules },
  };
}

async function diffLook(cli: Cli, options: DiffOptions): Promise<Answer> {
  const { answerConfigDiff } = await import('../look/answer-config-diff.ts');
  const settings = await readSettings(cli, options);
  return answerConfigDiff(cli, settings, { exitCode: options.exitCode ?? false });
}

async function showAll(cli: Cli, options: VaultOptions): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const rows = rowsOf(settings, cli.clock.now());
  const say = (style: Style): readonly string[] =>
    layoutTable(
      style,
      [{ header: 'KEY' }, { header: 'VALUE', shrink: 'ends' }, { header: 'FROM', shrink: 'ends' }],
      rows.map((row) => row.map((text) => ({ text: sayText(text, style) }))),
    );
  const json = Object.fromEntries(rows.map(([key, value, from]) => [key, { value, from }]));
  return { code: EXIT.done, say, json };
}

function rowsOf(settings: Settings, now: UnixMs): readonly (readonly [string, string, string])[] {
  const { config, configFile, vault, state, keyFile, passphraseFile } = settings;
  const rows: [string, string, string][] = [];
  const where = vault && { ...vault, value: nameOfPlace(vault.value) };
  const chosen = { vault: where, 'key-file': keyFile, 'passphrase-file': passphraseFile, state };
  for (const [key, one] of Object.entries(chosen)) {
    if (one !== undefined) rows.push([key, textOfBytes(one.value), one.by]);
  }
  const from = configFile ?? '';
  const minFree = config['min-free'];
  rows.push(
    minFree === undefined
      ? ['min-free', '10 %, at least 5 GiB', 'habit']
      : ['min-free', String(minFree), from],
  );
  const { 'read-within': within } = config;
  rows.push(
    within === undefined
      ? ['read-within', formatDuration(PROOF_LIMITS.exists), 'habit']
      : ['read-within', formatDuration(within), from],
  );
  for (const { to, everyMs } of copiesGiven(settings)) {
    const place = textOfBytes(nameOfPlace(to));
    rows.push(['copies', `${place}, every ${formatDuration(everyMs)}`, from]);
  }
  for (const [name, dataSet] of Object.entries(config.datasets ?? {})) {
    const { paths = [], capture } = dataSet;
    const host = hostOfDataSet(dataSet);
    const by = capture === undefined ? '' : `by ${capture}`;
    const on = host === undefined ? '' : `on ${host}`;
    rows.push([`datasets.${name}`, [paths.join(', '), by, on].filter(Boolean).join(' '), from]);
  }
  for (const [name, { datasets }] of Object.entries(config.services ?? {})) {
    rows.push([`services.${name}`, datasets.join(', '), from]);
  }
  return [
    ...rows,
    ...guardRows(config.guard, from, now),
    ...estateRows(config, from),
    ...serverRows(config.server, from),
    ...tellRows(config.tell, from),
  ];
}

/** What is said of other machines. */
function estateRows(
  { hosts = {}, domains = {}, points = {} }: Config,
  from: string,
): readonly (readonly [string, string, string])[] {
  const names = Object.keys(hosts).join(', ');
  return [
    ...(names === '' ? [] : [['hosts', names, from] as const]),
    ...Object.entries(domains).flatMap(([kind, groups]) =>
      Object.entries(groups).map(
        ([name, members]) => [`domains.${kind}.${name}`, members.join(', '), from] as const,
      ),
    ),
    ...Object.entries(points).map(([name, { tool, repository, of = [] }]) => {
      const what = [tool, repository ?? '', of.length === 0 ? '' : `of ${of.join(', ')}`];
      return [`points.${name}`, what.filter(Boolean).join(' '), from] as const;
    }),
  ];
}
