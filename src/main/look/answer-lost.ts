/** `exposure --lose`: what is lost with all that was named, on the estate as it is known. */
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { bytesJson, timeJson } from '../cli/json-shape.ts';
import { bytesOfArgument } from '../cli/places.ts';
import type { Settings, VaultOptions } from '../cli/settings.ts';
import type { FailureDomain } from '../../watch/core/domain.ts';
import { exposureIndex } from '../../watch/core/exposure/exposure-index.ts';
import { lostBy, loseNames } from '../../watch/core/look/lose.ts';
import { isHarmed, lostTogether } from '../../watch/core/look/lost-together.ts';
import { renderLost } from '../../watch/core/look/render-lost.ts';
import { wrap } from '../../base/say-width.ts';
import { ONLY_THIS } from './answer-recovery-plan.ts';
import { damagedJson, damagedWords } from './look-store.ts';
import { savedEstate } from './saved-estate.ts';

function domainJson(domain: FailureDomain): object {
  if (domain.kind !== 'directory') return domain;
  const { kind, host, path } = domain;
  return { kind, host, ...bytesJson('path', path) };
}

/** @throws Fault HF_LOOK_ANSWER, HF_LOSE_UNKNOWN */
export async function answerLost(
  cli: Cli,
  settings: Settings,
  asked: VaultOptions & { readonly lose: readonly string[]; readonly exitCode: boolean },
): Promise<Answer> {
  const now = cli.clock.now();
  const saved = await savedEstate(cli, settings, asked);
  const { estate, machines, declared, look, damaged } = saved;
  const names = loseNames(machines, estate, declared);
  const lost = [...new Set(asked.lose)].map((text) => lostBy(bytesOfArgument(text), names));
  const found = lostTogether(exposureIndex(estate, now), { ...saved, lost });
  const isFound = found.rows.some(isHarmed) || found.notSeen.length + found.seenInPart.length > 0;
  return {
    code: asked.exitCode && isFound ? EXIT.differs : EXIT.done,
    say: (style) => [
      ...damagedWords(damaged, style),
      ...renderLost(found, style, { look, now }),
      ...(saved.isOfThis ? wrap(`From ${ONLY_THIS}.`, style.width) : []),
    ],
    json: {
      computedAt: timeJson(now),
      lookedAt: timeJson(look.at),
      isOfThisMachine: saved.isOfThis,
      ...found,
      lost: lost.map(({ name, domains }) => ({ name, domains: domains.map(domainJson) })),
      damaged: damagedJson(damaged),
    },
  };
}
