/** Vaults that have no longer what this server was told of them. */
import type { ToldPlace } from '../../watch/core/heads/told-heads.ts';
import { anotherWords, missedWords } from '../../watch/core/heads/told-words.ts';
import type { SeenAtServer } from './estate-at-server.ts';
import { ours, type Unowned } from './ours.ts';

const OF_EACH_MAX = 500;
const DATA_SETS_MAX = 50;

const SET_BACK =
  'See who could delete there. `holdfast vault check` on its host says what is gone, `holdfast vault repair VAULT --from COPY` puts back what a copy has. Where you set it back yourself, an admin says so.';
const ANOTHER =
  'Look for the vault that was there, and who made another in its place. Where it is right so, an admin says so.';

export function toldFindings({ told, shown }: SeenAtServer): readonly Unowned[] {
  return told
    .flatMap((place) => {
      const of = (vault: string) => ofVault(place, vault, shown);
      const { another } = place;
      return [
        ...place.missed.map((missed) =>
          ours({
            ...{ code: 'vault-set-back', section: 'trust', rank: 1, ...of(missed.vault) },
            ...{ sentence: missedWords(missed), since: missed.foundAt },
            fix: { kind: 'change', text: SET_BACK },
          }),
        ),
        ...(another === undefined
          ? []
          : [
              ours({
                ...{ code: 'vault-another', section: 'trust', rank: 1, ...of(another.vault) },
                ...{ sentence: anotherWords(another), since: another.foundAt },
                fix: { kind: 'change', text: ANOTHER },
              }),
            ]),
      ];
    })
    .slice(0, OF_EACH_MAX);
}

/** Whose recovery points are in it, as its host says. */
function ofVault(
  { host, place }: ToldPlace,
  vault: string,
  shown: SeenAtServer['shown'],
): Pick<Unowned, 'hosts' | 'subject'> & Required<Pick<Unowned, 'dataSets' | 'vaultPlace'>> {
  const points = shown.find((each) => each.host === host)?.ledger?.report.estate.points ?? [];
  const own = points.filter((point) => point.vault === `${vault} of ${host}`);
  const dataSets = [...new Set(own.map(({ dataSet }) => dataSet))].slice(0, DATA_SETS_MAX);
  return { hosts: [host], subject: `vault at ${place}`, dataSets, vaultPlace: place };
}
