/** `holdfast coverage`: what lies here, and what of it is in no recovery point. */
import type { Command } from 'commander';
import { paint, type Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { wrap } from '../../base/say-width.ts';
import { finished } from '../../base/steps.ts';
import type { FoundData } from '../../watch/core/discovery.ts';
import { coverageOf } from '../../watch/core/coverage.ts';
import { leftOutOf } from '../../watch/core/look/corrected.ts';
import type { DeclaredIgnored } from '../../watch/core/look/declared.ts';
import { inSection } from '../../watch/core/look/finding.ts';
import { proofFindings } from '../../watch/core/look/find-proof.ts';
import { findingLines } from '../../watch/core/look/render-look-lists.ts';
import { renderCoverage } from '../../watch/core/render-coverage.ts';
import { findingJson } from '../look/look-json.ts';
import { declaredEstate } from '../look/declared-estate.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson, timeJson } from './json-shape.ts';
import { lookWithoutVault, lookWithVault } from './look-here.ts';
import { vaultOptions } from './open.ts';
import { isNameOfThis } from '../estate/machine-names.ts';
import { readSettings, type Settings, type VaultOptions } from './settings.ts';

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
  const ignored = ignoredHere(settings, discovery.host);
  const leftOut = leftOutOf(ignored, discovery.data);
  const gone = new Set(leftOut.map(({ data }) => data));
  const counted = { ...discovery, data: discovery.data.filter((data) => !gone.has(data)) };
  const coverage = coverageOf(counted, covering, connected);
  const now = cli.clock.now();
  const found = inSection(finished(proofFindings(estate, now)), 'change');
  const isFound = coverage.none.count > 0;
  return {
    code: options.exitCode === true && isFound ? EXIT.differs : EXIT.done,
    say: (style) => {
      const worth = findingLines(found, style);
      return [
        renderCoverage({ coverage, discovery }, style).trimEnd(),
        ...(worth.length === 0 ? [] : ['', ...worth]),
        ...leftOut.map(({ data, why }) => ignoredLine(data, why, style)),
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
      ignored: leftOut.map(({ data, why }) => ({ ...bytesJson('path', data.path), why })),
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

/** Of this machine, by whichever of its names the file has it. */
function ignoredHere(settings: Settings, host: string): readonly DeclaredIgnored[] {
  return (declaredEstate(settings, host).ignored ?? []).filter((each) =>
    isNameOfThis(each.host, host),
  );
}

function ignoredLine({ path, bytes }: FoundData, why: string, style: Style): string {
  const text = `Left out by holdfast.yaml: ${sayName(path, style)}, ${formatBytes(bytes)}: ${sayText(why, style)}`;
  return wrap(text, style.width)
    .map((line) => paint(style, 'aside', line))
    .join('\n');
}
