/** `holdfast exposure`: what would be lost, and for how long, if something died now. */
import type { Command } from 'commander';
import type { UnixMs } from '../../base/units.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { Estate } from '../../watch/core/estate.ts';
import { exposureIndex } from '../../watch/core/exposure/exposure-index.ts';
import { exposureView } from '../../watch/core/exposure/exposure-view.ts';
import { MOVES_PREFIX } from '../../watch/core/exposure/moves-by-itself.ts';
import { exposureNow } from '../../watch/core/exposure.ts';
import { acrossHosts } from '../../watch/core/look/across.ts';
import { withServices } from '../../watch/core/look/declared-services.ts';
import { hostLinks } from '../../watch/core/look/host-links.ts';
import { hostNames } from '../../watch/core/look/host-names.ts';
import { lookedHosts } from '../../watch/core/look/looked-hosts.ts';
import { placedMoves } from '../../watch/core/look/placed-moves.ts';
import { renderExposure } from '../../watch/core/render-exposure.ts';
import { renderUnflushed } from '../../watch/core/render-unflushed.ts';
import { renderPromises } from '../../watch/core/render-promises.ts';
import { withEvidence } from '../estate/see-estate.ts';
import { declaredEstate } from '../look/declared-estate.ts';
import { linkHere } from '../look/link-here.ts';
import { lookStore } from '../look/look-store.ts';
import { newestLook } from '../look/saved-looks.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { chainLines } from './chain-lines.ts';
import { copyLines, copiesJson } from './copy-lines.ts';
import { EXIT } from './exit-code.ts';
import { fateLines } from './fate-lines.ts';
import { timeJson } from './json-shape.ts';
import { lookWithoutVault, lookWithVault } from './look-here.ts';
import { vaultOptions } from './open.ts';
import { readCopies } from '../up/copies/copies-file.ts';
import { nodePorts } from '../vault-session.ts';
import { readSettings, type Settings, type VaultOptions, vaultOf } from './settings.ts';

interface Options extends VaultOptions {
  readonly lose?: readonly string[];
  readonly exitCode?: true;
}

const EXAMPLE = `
Each row is a thing that could be lost: a disk, this host, a directory, the
key. Figures rest on proofs that expire; what no fresh proof shows is unknown.

--lose answers for many machines at once, from the last look, what was opened
by connect, and holdfast.yaml: host:HOST, disk:HOST/NAME, HOST:/path, and each
domain of the file (site:a, rack:r1, hypervisor:hv1). What no look saw is
unknown, never nothing.

Examples:
  holdfast exposure --vault /srv/vault
  holdfast exposure --lose host:hv3 --lose site:b`;

export function define(command: Command, act: Act): void {
  const collect = (text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ];
  command
    .summary('what would be lost, and for how long, if something died now')
    .description('What would be lost, and for how long it would be out, if something died now.')
    .option('--lose <what>', 'what would be lost with it; may be repeated: all at once', collect)
    .option('--exit-code', 'end with 5 where something would be lost for good, or is unknown')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => perform(cli, options)));
  vaultOptions(command);
}

async function perform(cli: Cli, options: Options): Promise<Answer> {
  const settings = await readSettings(cli, options);
  if (options.lose !== undefined) {
    const { answerLost } = await import('../look/answer-lost.ts');
    return answerLost(cli, settings, {
      ...options,
      lose: options.lose,
      exitCode: options.exitCode ?? false,
    });
  }
  const { estate, discovery, findings, sharedFates } =
    settings.vault === undefined
      ? await lookWithoutVault(cli, settings)
      : await lookWithVault(cli, settings, options);
  // Without a vault, and with nothing of the team's opened, there is nothing to compute it from.
  if (estate.vaults.length === 0) vaultOf(settings);
  const now = cli.clock.now();
  const copies = readCopies(nodePorts(), settings.state.value);
  // Every other host of the file was not looked at: what is promised of it is not asked here.
  const declared = declaredEstate(settings, discovery.host);
  const known = { ...estate, ...(await besides(settings, discovery, now)) };
  const index = exposureIndex(
    withServices(known, declared, (host) => host),
    now,
  );
  const exposure = exposureNow(index);
  const { services, breaches, singlePoints, dataSets } = exposureView(index);
  const isFound = exposure.some(({ loss }) => loss.kind === 'all' || loss.kind === 'unknown');
  return {
    code: options.exitCode === true && isFound ? EXIT.differs : EXIT.done,
    say: (style) => {
      const text = renderExposure(exposure, style).trimEnd();
      if (text === '') return ['No data set of this machine is in a backup that was opened.'];
      return [
        text,
        ...renderPromises({ services, breaches, singlePoints, dataSets }, style),
        ...renderUnflushed(dataSets, style),
        ...chainLines(findings, style),
        ...copyLines(copies, { now, style }),
        ...fateLines(sharedFates, style),
      ];
    },
    json: {
      computedAt: timeJson(now),
      exposure: exposure.map(({ dataSet, bytes, domain, is, loss, outage, survives, proof }) => ({
        dataSet,
        bytes,
        domain,
        is,
        loss,
        outage,
        survives,
        proof,
      })),
      ...{ services, breaches, singlePoints },
      chains: findings,
      ...copiesJson(copies, now),
      ...(sharedFates.length === 0 ? {} : { sharedFates }),
      // Worst first; left out: nothing that is known would raise it, or no drill says what limits.
      dataSets: dataSets.map(({ name, kind, unflushed, step, streaming, bottleneck }) => ({
        ...{ name, kind, unflushed, step, streaming, bottleneck },
      })),
    },
  };
}

/** What this machine knows besides of its links, of those that were looked at, and of exercises. */
async function besides(
  settings: Settings,
  discovery: Discovery,
  now: UnixMs,
): Promise<Required<Pick<Estate, 'links' | 'moves'>>> {
  const { look } = newestLook(lookStore(settings));
  const machines = lookedHosts(look?.looks ?? [], now);
  const hostOf = hostNames(machines);
  const seen = hostLinks(acrossHosts(machines)).map((link) =>
    link.host === hostOf(discovery.host) ? { ...link, host: discovery.host } : link,
  );
  const own = linkHere(discovery.host);
  const moves = await withEvidence(settings.state.value, (ledger) => ledger.current(MOVES_PREFIX));
  return {
    links: [...seen.filter(({ host }) => host !== discovery.host), ...own],
    moves: placedMoves(moves, (name) =>
      hostOf(name) === hostOf(discovery.host) ? discovery.host : hostOf(name),
    ),
  };
}
