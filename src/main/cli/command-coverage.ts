/** `holdfast coverage`: what lies here, and what of it is in no recovery point. */
import type { Command } from 'commander';
import { coverageOf } from '../../watch/core/coverage.ts';
import { inSection } from '../../watch/core/look/finding.ts';
import { proofFindings } from '../../watch/core/look/find-proof.ts';
import { findingLines } from '../../watch/core/look/render-look-lists.ts';
import { renderCoverage } from '../../watch/core/render-coverage.ts';
import { findingJson } from '../look/look-json.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson, timeJson } from './json-shape.ts';
import { lookWithoutVault, lookWithVault } from './look-here.ts';
import { vaultOptions } from './open.ts';
import { readSettings, type VaultOptions } from './settings.ts';

interface Options extends VaultOptions {
  readonly exitCode?: true;
}

const EXAMPLE = `
What the team already has counts: where a backup was found that may hold a
thing, it is unknown until that is opened, and never none.

Example:
  holdfast coverage`;

export function define(command: Command, act: Act): void {
  command
    .summary('what lies here, and what of it is in no recovery point')
    .description(
      'What lies on this machine and is in no recovery point, largest and most recently changed first. It reads, and changes nothing.',
    )
    .option('--exit-code', 'end with 5 where something is in no recovery point')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => perform(cli, options)));
  vaultOptions(command);
}

async function perform(cli: Cli, options: Options): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const { discovery, covering, connected, estate } =
    settings.vault === undefined
      ? await lookWithoutVault(cli, settings)
      : await lookWithVault(cli, settings, options);
  const coverage = coverageOf(discovery, covering, connected);
  const now = cli.clock.now();
  const found = inSection(proofFindings(estate, now), 'change');
  const isFound = coverage.none.count > 0;
  return {
    code: options.exitCode === true && isFound ? EXIT.differs : EXIT.done,
    say: (style) => {
      const worth = findingLines(found, style);
      return [
        renderCoverage({ coverage, discovery }, style).trimEnd(),
        ...(worth.length === 0 ? [] : ['', ...worth]),
      ];
    },
    json: {
      host: discovery.host,
      seenAt: timeJson(discovery.seenAt),
      none: coverage.none,
      unknown: coverage.unknown,
      covered: coverage.covered,
      rows: coverage.rows.map(({ data, state, why, by, coveredUpTo, openCommand }) => ({
        ...bytesJson('path', data.path),
        kind: data.kind,
        bytes: data.bytes,
        entries: data.entries,
        isComplete: data.isComplete,
        state,
        why,
        ...(by === undefined || by === 'vault'
          ? {}
          : { by: { tool: by.tool, repository: by.repository, openedAt: timeJson(by.openedAt) } }),
        ...(coveredUpTo === undefined ? {} : { coveredUpTo: timeJson(coveredUpTo) }),
        ...(openCommand === undefined ? {} : { openCommand }),
      })),
      findings: found.map(findingJson),
      looked: discovery.looked,
      notSeen: discovery.notSeen.map(({ what, why, command, path }) => ({
        what,
        why,
        ...(command === undefined ? {} : { command }),
        ...(path === undefined ? {} : bytesJson('path', path)),
      })),
    },
  };
}
