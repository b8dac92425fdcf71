import type { Steps } from '../../base/steps.ts';
import type { Estate } from './estate.ts';
import { isSameList } from './exposure/estate-lists.ts';

/**
 * The estate with the objects of the one before wherever they say the same: what is computed from an
 * object is kept as long as it is that object.
 */
export function* withSameObjects(after: Estate, before: Estate | undefined): Steps<Estate> {
  if (before === undefined) return after;
  const { groups, services, credentials, volumes } = after;
  const dataSets = same(after.dataSets, before.dataSets, ({ name }) => name);
  yield;
  const points = same(after.points, before.points, ({ id, dataSet, vault }) =>
    [id, dataSet, vault].join('\0'),
  );
  yield;
  const vaults = same(after.vaults, before.vaults, ({ copy }) => copy);
  const keys = same(after.keys, before.keys, ({ id }) => id);
  yield;
  const drills = same(after.drills, before.drills, ({ point, copy, evidence }) =>
    [point, copy, evidence.observedAt].join('\0'),
  );
  yield;
  return {
    ...after,
    ...{ dataSets, points, vaults, keys, drills },
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

/**
 * The same list where all of it is. Only what is new is compared, and only with what is gone: a key
 * of each of very many is long in the making.
 */
function same<T extends object>(
  after: readonly T[],
  before: readonly T[],
  keyOf: (item: T) => string,
): readonly T[] {
  if (isSameList(after, before)) return before;
  const [old, now] = [new Set(before), new Set(after)];
  const gone = new Map(before.flatMap((each) => (now.has(each) ? [] : [[keyOf(each), each]])));
  const made = after.map((item) => {
    if (old.has(item)) return item;
    const was = gone.get(keyOf(item));
    return was !== undefined && JSON.stringify(was) === JSON.stringify(item) ? was : item;
  });
  return isSameList(made, before) ? before : made;
}
