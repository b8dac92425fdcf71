/**
 * A path without slashes at its end, but for `/` itself. Not by a pattern: where many slashes stand
 * before something else, that takes the square of their number.
 */
export function trimSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
