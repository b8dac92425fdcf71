import type { Estate } from './estate.ts';

/**
 * The estate with the objects of the one before wherever they say the same: what is computed from an
 * object is kept as long as it is that object.
 */
export function withSameObjects(after: Estate, before: Estate | undefined): Estate {
  if (before === undefined) return after;
  const { groups, services, credentials, volumes } = after;
  return {
    ...after,
    dataSets: same(after.dataSets, before.dataSets, ({ name }) => name),
    points: same(after.points, before.points, ({ id, dataSet, vault }) =>
      [id, dataSet, vault].join('\0'),
    ),
    vaults: same(after.vaults, before.vaults, ({ copy }) => copy),
    keys: same(after.keys, before.keys, ({ id }) => id),
    drills: same(after.drills, before.drills, ({ point, copy, evidence }) =>
      [point, copy, evidence.observedAt].join('\0'),
    ),
    found: same(after.found, before.found, (each) => JSON.stringify(each)),
    ...(groups === undefined
      ? {}
      : { groups: same(groups, before.groups ?? [], ({ of, name }) => `${of}:${name}`) }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: same(credentials, before.credentials ?? [], ({ credential }) => credential),
        }),
    ...(volumes === undefined
      ? {}
      : { volumes: same(volumes, before.volumes ?? [], ({ name }) => name) }),
    ...(services === undefined
      ? {}
      : { services: same(services, before.services ?? [], ({ name }) => name) }),
  };
}

/** The same list where all of it is. What stands where it stood is not looked for. */
function same<T extends object>(
  after: readonly T[],
  before: readonly T[],
  keyOf: (item: T) => string,
): readonly T[] {
  let known: ReadonlyMap<string, T> | undefined;
  const made = after.map((item, at) => {
    if (item === before[at]) return item;
    known ??= new Map(before.map((each) => [keyOf(each), each]));
    const was = known.get(keyOf(item));
    return was !== undefined && (was === item || JSON.stringify(was) === JSON.stringify(item))
      ? was
      : item;
  });
  const isSame = made.length === before.length && made.every((item, at) => item === before[at]);
  return isSame ? before : made;
}
