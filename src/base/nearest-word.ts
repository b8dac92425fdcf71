/** The word that was probably meant. */

/** Undefined where nothing is near: a wild guess is worse than none. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length * 0.4)) + 1;
  for (const each of words) {
    const distance = isBeginning(word, each) ? 1 : editDistance(word, each);
    if (distance < least) {
      best = each;
      least = distance;
    }
  }
  return best;
}

function isBeginning(word: string, whole: string): boolean {
  return word.length >= 3 && whole.startsWith(word);
}

/** Letters added, dropped, changed, or swapped with their neighbour. */
export function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[to.length] ?? from.length;
}
